"""Training of the reader: from public questions to a small model that knows which sentence of a passage answers.

Not part of the package that users install; what it makes is. `python -m training.train` trains,
`python -m training.export` writes the model that ships.
"""
