"""The fault matrix: each fault at each stage of each flow, every open fact both ways, each played to its end."""

flows   what is flashed and how, and the stages that a healthy run shows
cells   the faults, put at those stages
play    one cell: the real job, then whatever the program prints as the next step
follow  reading that next step
"""
