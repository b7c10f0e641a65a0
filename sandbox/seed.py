from datetime import date
from sandbox.world import World
def demo_world(seed: int = 2026, today: date = date(2026, 11, 22)) -> World:
    return World.new(today)
