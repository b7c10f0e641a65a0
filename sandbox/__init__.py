"""Harvest and Upsales on this machine: strict, in memory, with people, faults and a billing app."""
