"""The picture of a case in a form: what is uploaded is kept, and the field holds its name."""

from collections.abc import Mapping

from starlette.datastructures import UploadFile

from ingest.reading.documents import photograph_of
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.registers.pictures.encoding import MAX_UPLOAD_MB

_MEGABYTE = 1_000_000


def with_picture(
    base: KnowledgeBase, form: Mapping[str, object], *, by: str
) -> tuple[Mapping[str, object], str]:
    """Returns the form with the name of its picture, and what is wrong with an upload, if anything.

    What is uploaded is kept at once: nothing is sent twice if another field is refused. A name that
    no picture of the base has is taken out.
    """
    if "picture" not in form and "picture_file" not in form:
        return form, ""
    upload, name, problem = form.get("picture_file"), str(form.get("picture", "")), ""
    if isinstance(upload, UploadFile) and upload.filename:
        try:
            encoded = photograph_of(upload.file.read(MAX_UPLOAD_MB * _MEGABYTE + 1))
            name = base.pictures.add(encoded, by=by)
        except InputError as error:
            problem = error.remark
    elif form.get("without_picture"):
        return {**form, "picture": "", "picture_alt": "", "picture_credit": ""}, ""
    elif name and not base.pictures.known([name]):
        name = ""
    return {**form, "picture": name}, problem
