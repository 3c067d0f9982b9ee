"""An encoder that knows trades: a small change to a model's weights, learnt from nomenclatures.

`nomenclatures` reads the open data, `pairs` makes what is learnt from it, `training` learns the
delta, `delta` reads one and adds it to a model. docs/adaptation.md tells the method.
"""
