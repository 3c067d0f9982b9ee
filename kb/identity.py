"""One actor once."""
from dataclasses import dataclass
from kb.models import Actor

@dataclass(frozen=True, slots=True)
class Told:
    """What a source tells of an actor, under the source's own id.

    `is_open`: it says in so many words that the actor is not closed.
    """

    actor: Actor
    is_open: bool = False
