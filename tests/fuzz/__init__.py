"""Damaged and malicious files, by the thousand, through a real worker.

    python -m tests.fuzz --minutes 60 --jobs 2 --seed 1

The modules, in the order in which a file flows through them::

    seeds.py      whole files of every kind that is taken, made by our own scripts
    structure.py  where the chunks, pages, boxes, elements and frames of a file lie
    mutants.py    hypothesis strategies that damage files along that structure
    campaign.py   each mutant through the engine, and what was promised of it
    parsers.py    our own parser under atheris, which is installed by hand
"""
