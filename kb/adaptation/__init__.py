"""An encoder that knows trades: a small change to a model's weights, learnt from nomenclatures.

`nomenclatures` reads the open data, `phrases` words an index as people speak, `pairs` pairs needs
with trades, `training` learns a delta from the pairs, `measuring` chooses it, `learning` runs them
all. docs/adaptation.md has the method.
"""
