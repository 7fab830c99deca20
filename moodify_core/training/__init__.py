"""Making and measuring the mood model; nothing in here is needed to analyse a song.

::

    datasets ──> extraction ──> protocol (artist-grouped, nested) ──> evaluation ──> metrics.json
                            └─> export (ONNX, model.json) ──> card (model_card.md)

Needs the extra ``train``: ``pip install moodify[train]``.
"""
