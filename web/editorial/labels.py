"""The words of the editorial pages, in English, marked with `N_`; the renderer translates them."""

from collections.abc import Callable, Mapping

from ingest.private_details.details import DetailKind
from kb.messages import N_
from kb.registers.drafts import DraftState
from kb.registers.jobs import JobState
from web.http.i18n import Language, translations
from web.http.labels import labelled

REGISTER_LABELS: Mapping[str, str] = {
    "usual_name": N_("Usual name"),
    "sign": N_("Shop sign"),
    "legal_name": N_("Legal name"),
    "family_name": N_("Family name"),
    "first_name": N_("First name"),
    "siren": N_("SIREN"),
    "nic": N_("NIC (end of the SIRET)"),
    "commune_code": N_("Code of the town (INSEE)"),
    "state": N_("Open or closed"),
    "state_since": N_("Open or closed since"),
    "diffusion": N_("Publicly visible or not"),
    "legal_category": N_("Legal category"),
    "activity_nomenclature": N_("Nomenclature of the activity"),
}

LOCATION_LABELS: Mapping[str, str] = {
    "postal_code": N_("Postal code"),
    "region": N_("Region"),
    "epci": N_("Grouping of towns (EPCI)"),
    "latitude": N_("Latitude"),
    "longitude": N_("Longitude"),
    "coordinates": N_("Coordinates (latitude, longitude)"),
}

KNOW_HOW_LABELS: Mapping[str, str] = {
    "sector": N_("Sector"),
    "activity": N_("Activity"),
    "services": N_("Services"),
    "products": N_("Products"),
    "machines": N_("Machines and equipment"),
    "certificates": N_("Certificates and labels"),
    "brands": N_("Brands"),
    "materials": N_("Materials"),
}

STATE_LABELS: Mapping[DraftState, str] = {
    DraftState.DRAFT: N_("Draft"),
    DraftState.SUBMITTED: N_("Waiting for a moderator"),
    DraftState.RETURNED: N_("Returned to its contributor"),
    DraftState.PUBLISHED: N_("Published"),
    DraftState.REJECTED: N_("Rejected"),
}

JOB_STATE_LABELS: Mapping[JobState, str] = {
    JobState.QUEUED: N_("Waiting"),
    JobState.RUNNING: N_("Under way"),
    JobState.DONE: N_("Done"),
    JobState.FAILED: N_("Failed"),
    JobState.CANCELLED: N_("Cancelled"),
}

JOB_KIND_LABELS: Mapping[str, str] = {
    "directory": N_("Directory"),
    "articles": N_("Articles"),
    "feed": N_("Feed"),
    "source": N_("Source read again"),
    "contacts": N_("Who sees the contacts"),
}

PHASE_LABELS: Mapping[str, str] = {
    "reading": N_("Reading"),
    "embedding": N_("Computing embeddings"),
    "writing": N_("Writing"),
}

REASON_LABELS: Mapping[str, str] = {
    "same_siret": N_("the same SIRET"),
    "same_name": N_("the same name"),
    "similar_name": N_("similar names"),
    "same_place": N_("the same town"),
    "same_department": N_("the same department"),
    "same_activity": N_("the same activity"),
    "similar_activity": N_("similar activities"),
    "same_website": N_("the same website"),
    "same_page": N_("the same page on the web"),
    "same_phone": N_("the same telephone number"),
    "same_email": N_("the same e-mail address"),
    "same_email_domain": N_("the same e-mail domain"),
    "acronym": N_("one name is the acronym of the other"),
    "brand": N_("one name is given with the other, as a brand or a sign"),
    "name_is_domain": N_("the name of one is the web or e-mail domain of the other"),
    "near_place": N_("neighbouring towns"),
    "two_establishments": N_("two establishments of one firm (the same SIREN)"),
}

DONE_LABELS: Mapping[str, str] = {
    "contributed": N_(
        "Received. Check what the site read in your text, correct it, then submit it."
    ),
    "long": N_(
        "This article is long and is being read. Its draft will be here in a minute or two: check "
        "it, correct it, then submit it."
    ),
    "held": N_(
        "This page is now yours. Propose corrections: a moderator reads each before it is "
        "published."
    ),
    "from_board": N_(
        "The notice is closed. Here is its story as a case: complete it, then submit it."
    ),
    "told": N_("Done: each of the two pages now shows the other."),
    "set_aside": N_("Set aside: these two are not proposed again."),
    "own": N_("You have begun to correct this entry already: here is your draft."),
    "linked": N_("The participant is linked to its entry."),
    "known": N_("This text was already contributed. Here is its current state."),
    "saved": N_("Saved."),
    "submitted": N_("Submitted. A moderator will read it; you can still correct it until then."),
    "published": N_("Published: searches now find it."),
    "returned": N_("Returned for correction, with your message."),
    "rejected": N_("Rejected. It stays here; searches do not find it."),
    "deleted": N_("Deleted."),
    "restored": N_("This version is restored: searches now find it."),
    "withdrawn": N_("Withdrawn: searches no longer find it. Its history stays here."),
    "erased": N_("Erased: its text and its history are no longer in the catalogue."),
    "erased_but_in_files": N_(
        "Erased from the catalogue. Another process uses the database: the files are cleaned "
        "within the hour."
    ),
    "cancelling": N_("The job will stop in a moment. The work done so far is kept."),
    "chosen": N_(
        "Your choice applies now for the public. It will apply for members once this job has ended."
    ),
    "merged": N_("Merged: they are now one organisation."),
    "on_front_page": N_("This case is now among the first on the home page."),
    "off_front_page": N_("This case is no longer chosen for the home page."),
    "different": N_("Noted: they are two organisations. This pair will not appear again."),
}

NOT_TWICE = N_("The two new passwords are different. Nothing was changed.")
TOO_MANY_TRIES = N_("Too many attempts. Wait a little before the next one.")
NOT_THE_NAME = N_("This is not the right name. Type it exactly as above, or copy it.")


def confidence_label(confidence: float) -> str:
    if confidence >= 0.85:
        return N_("very likely")
    return N_("likely") if confidence >= 0.6 else N_("to check")


DETAIL_LABELS: Mapping[DetailKind, str] = {
    DetailKind.PHONE: N_("Telephone of a person"),
    DetailKind.EMAIL: N_("E-mail address of a person"),
    DetailKind.ADDRESS: N_("Address of a person"),
    DetailKind.BIRTH: N_("Day of birth"),
    DetailKind.AGE: N_("Age of a child"),
    DetailKind.HEALTH: N_("Health of a person"),
    DetailKind.BANK: N_("Bank account (IBAN)"),
    DetailKind.SOCIAL_SECURITY: N_("Social security number"),
    DetailKind.PLATE: N_("Number plate"),
}


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    gettext = translations(language).gettext
    return {
        "detail_label": labelled(DETAIL_LABELS, language),
        "confidence_label": lambda confidence: gettext(confidence_label(confidence)),
        "done_label": labelled(DONE_LABELS, language),
        "job_kind_label": labelled(JOB_KIND_LABELS, language),
        "job_state_label": labelled(JOB_STATE_LABELS, language),
        "phase_label": labelled(PHASE_LABELS, language),
        "reason_label": labelled(REASON_LABELS, language),
        "state_label": labelled(STATE_LABELS, language),
    }
