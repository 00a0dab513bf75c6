"""Every fault at every stage of every flow, each cell carried on to its end. Run ``python -m tests.matrix``.

flows   what is flashed and how, and the stages that a healthy run shows
cells   the faults, put at those stages
play    one cell: the real job, then whatever the program prints as the next step
follow  reading that next step
"""
