"""The titles of the columns of the dashboard's tables and files, in English, marked with `N_`."""

from collections.abc import Mapping

from kb.messages import N_

COLUMN_TITLES: Mapping[str, str] = {
    "need": N_("Need"),
    "asked": N_("Times asked"),
    "days": N_("Days"),
    "last": N_("Last time"),
    "day": N_("Day"),
    "strong": N_("Strong fit"),
    "possible": N_("Possible fit"),
    "weak": N_("Unlikely"),
    "none": N_("Very unlikely"),
    "theme": N_("Theme"),
    "department": N_("Department"),
    "actors": N_("Organisations"),
    "cases": N_("Cases"),
    "organisation": N_("Organisation"),
    "changed": N_("Last changed"),
    "site": N_("Site"),
    "searches": N_("Searches"),
    "empty": N_("Without a fit"),
    "selections": N_("Results opened"),
}
"""The title of each column, by its name."""
