"""One encoder for all processes of a server: the server has it, and its searchers ask.

An encoder takes more memory than all else that a searcher has. Each searcher asks over a pair of
sockets of its own, and a thread of the server answers; what one has asked lately, all know.
"""

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.errors import EncoderError
from web.operations.frames import LENGTHS, frame_of, parts_of

_NOBODY = "The server that has the encoder is gone."
_FAILED = "The encoder failed: the log of the server says more."

_log = logging.getLogger(__name__)


class SharedEncoder:
    """The encoder of another process. Threads share it, and ask one after another."""

    def __init__(self, channel: socket.socket) -> None:
        """Asks which encoder it is.

        Raises:
            EncoderError: it cannot be loaded, or the other process is gone.
        """
        self._asking = threading.Lock()
        self._file = channel.makefile("rwb")
        known, _ = self._ask({"which": True})
        self.name, self.engine = str(known["name"]), str(known["engine"])
        self.fingerprint, self.dimension = str(known["fingerprint"]), int(known["dimension"])
        self.adaptation = str(known["adaptation"])

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        _, body = self._ask({"texts": list(texts), "kind": kind})
        return np.frombuffer(body, np.float32).reshape(len(texts), self.dimension).copy()

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        head, body = self._ask({"words": text, "kind": kind})
        if head["spans"] is None:
            return None
        spans = tuple((start, end) for start, end in head["spans"])
        tokens = np.frombuffer(body, np.float32).reshape(len(spans), -1).copy()
        return WordEmbeddings(tokens, spans)

    def _ask(self, head: Mapping[str, object]) -> tuple[dict[str, Any], bytes]:
        try:
            with self._asking:
                self._file.write(frame_of(head))
                self._file.flush()
                answer, body = _read(self._file.read)
        except (EOFError, OSError, ValueError):
            raise EncoderError(_NOBODY) from None
        if "error" in answer:
            raise EncoderError(answer["error"])
        return answer, body


def share_encoder(encoder: Callable[[], Encoder], channel: socket.socket) -> None:
    """Answers what a process asks of the encoder, until it ends."""

    def answer() -> None:
        with channel, channel.makefile("rwb") as file, suppress(EOFError, OSError):
            while True:
                head, _ = _read(file.read)
                try:
                    reply = _answer(encoder(), head)
                except EncoderError as error:
                    reply = frame_of({"error": str(error)})
                except Exception:  # noqa: BLE001 (whatever an engine raises)
                    # Without an answer, the searcher would be refused whatever it asks from now on.
                    _log.exception("A text of a searcher could not be encoded")
                    reply = frame_of({"error": _FAILED})
                file.write(reply)
                file.flush()

    threading.Thread(target=answer, name="encoder", daemon=True).start()


def _answer(encoder: Encoder, asked: Mapping[str, Any]) -> bytes:
    if "texts" in asked:
        return frame_of({}, encoder.encode(asked["texts"], TextKind(asked["kind"])).tobytes())
    if "words" in asked:
        words = encoder.encode_words(asked["words"], TextKind(asked["kind"]))
        if words is None:
            return frame_of({"spans": None})
        return frame_of({"spans": words.spans}, np.ascontiguousarray(words.tokens).tobytes())
    return frame_of(
        {
            "name": encoder.name,
            "engine": encoder.engine,
            "fingerprint": encoder.fingerprint,
            "dimension": encoder.dimension,
            "adaptation": str(getattr(encoder, "adaptation", "")),
        }
    )


def _read(read: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
    def exactly(size: int) -> bytes:
        found = read(size)
        if len(found) < size:
            raise EOFError
        return found

    of_head, of_body = LENGTHS.unpack(exactly(LENGTHS.size))
    return parts_of(exactly(of_head), exactly(of_body))
