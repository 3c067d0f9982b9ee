"""Evaluation: how well a ranking meets needs whose answers are known.

files       queries, qrels and runs: BEIR's layout in, TREC's run files out and in
metrics     a ranking and the grades of its query, as a number
comparison  means over queries and differences of two runs, each with its uncertainty
sets        a development set: a folder with queries, qrels and what they are about
bases       a set's records as a knowledge base, each text embedded once
worlds      a ranking without the own cases of those who should be found
fifty_lines the plain hybrid search that all rankings stand beside
first_hits  what a person sees: how many fits are right, silence, agreement of wordings
ablation    the rankings that are compared, and their runs
figures     the figures of runs on a set, part by part
tables      the figures as text and as JSON
summary     the figures of many sets on one page
"""
