"""How long examples may take says nothing on a machine that others use."""

from hypothesis import settings

settings.register_profile("harvest_upsales", deadline=None)
settings.load_profile("harvest_upsales")
