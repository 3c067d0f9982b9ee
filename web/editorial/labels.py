"""The words that the editorial pages use: fields, states, confidence, what was done.

As in `wording`: English, marked with `N_`, translated by the renderer.
"""

from collections.abc import Callable, Mapping

from kb.registers.drafts import DraftState
from kb.registers.jobs import JobState
from kb.remarks import N_
from web.http.i18n import Language, translations
from web.http.labels import labelled

REGISTER_WORDS: Mapping[str, str] = {
    "usual_name": N_("Usual name"),
    "sign": N_("Trade sign"),
    "legal_name": N_("Legal name"),
    "family_name": N_("Family name"),
    "first_name": N_("First name"),
    "siren": N_("SIREN"),
    "nic": N_("NIC (end of the SIRET)"),
    "commune_code": N_("Code of the town (INSEE)"),
    "state": N_("Open or closed"),
    "state_since": N_("Open or closed since"),
    "diffusion": N_("Whether it may be shown"),
    "legal_category": N_("Legal category"),
    "activity_nomenclature": N_("Nomenclature of the activity"),
}
"""What directories and registers have columns for, and no form here has fields."""

STATE_WORDS: Mapping[DraftState, str] = {
    DraftState.DRAFT: N_("Draft"),
    DraftState.SUBMITTED: N_("Waiting for a moderator"),
    DraftState.RETURNED: N_("Returned to its contributor"),
    DraftState.PUBLISHED: N_("Published"),
    DraftState.REJECTED: N_("Rejected"),
}

JOB_STATE_WORDS: Mapping[JobState, str] = {
    JobState.QUEUED: N_("Waiting for its turn"),
    JobState.RUNNING: N_("Under way"),
    JobState.DONE: N_("Done"),
    JobState.FAILED: N_("Failed"),
    JobState.CANCELLED: N_("Cancelled"),
}

JOB_KIND_WORDS: Mapping[str, str] = {
    "directory": N_("Directory"),
    "articles": N_("Articles"),
    "feed": N_("Feed"),
}

REASON_WORDS: Mapping[str, str] = {
    "same_siret": N_("the same SIRET"),
    "same_siren": N_("the same SIREN"),
    "same_name": N_("the same name"),
    "similar_name": N_("names that resemble each other"),
    "same_place": N_("the same town"),
    "same_department": N_("the same department"),
    "same_activity": N_("the same activity"),
    "similar_activity": N_("activities that resemble each other"),
    "same_website": N_("the same website"),
}
"""Why two actors may be one, as `kb.resolution.similarity` names it."""

DONE_WORDS: Mapping[str, str] = {
    "contributed": N_("Received. Check what was read out of it, correct it, then submit it."),
    "known": N_("This text had been contributed before: here is what became of it."),
    "saved": N_("Saved."),
    "submitted": N_("Submitted. A moderator will read it; you can still correct it meanwhile."),
    "published": N_("Published: searches find it from now on."),
    "returned": N_("Returned to its contributor, with your word."),
    "rejected": N_("Rejected. It stays here, out of every search."),
    "deleted": N_("Deleted."),
    "restored": N_("This version is back: searches find it from now on."),
    "withdrawn": N_("Withdrawn: no search finds it any more. Its history stays here."),
    "erased": N_("Erased: its text and its history are gone from the knowledge base."),
    "cancelling": N_("It will stop in a moment. What it has done so far stays."),
    "merged": N_("They are one actor from now on."),
    "different": N_("They are two actors: you will not be asked again."),
}
"""What a page says was done, by the word in its address."""


def confidence_word(confidence: float) -> str:
    """How sure a proposal is, in words; `confidence` lies between 0 and 1."""
    if confidence >= 0.85:
        return N_("very likely")
    return N_("likely") if confidence >= 0.6 else N_("to be checked")


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    """The filters of the editorial templates."""
    gettext = translations(language).gettext
    return {
        "confidence_word": lambda confidence: gettext(confidence_word(confidence)),
        "done_word": labelled(DONE_WORDS, language),
        "job_kind_word": labelled(JOB_KIND_WORDS, language),
        "job_state_word": labelled(JOB_STATE_WORDS, language),
        "reason_word": labelled(REASON_WORDS, language),
        "state_word": labelled(STATE_WORDS, language),
    }
