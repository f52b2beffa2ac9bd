"""A digest of a live channel: whether two reads of it gave the same."""

from __future__ import annotations

import json
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS

if TYPE_CHECKING:
    from reconciler.model.channels import Live

_take_channel = itemgetter(*(field.path for field in CHANNEL_FIELDS))
_take_version = itemgetter(*(field.path for field in VERSION_FIELDS))


def fingerprint(live: Live) -> str:
    """`sha256:…` over the values of `live` and of all its versions, by the ids of the service.

    Codes, names of other things and readings are not in it: they change without an edit of the channel.
    """
    versions = [
        (version.id, version.begin_date, version.end_date, _take_version(version.values)) for version in live.versions
    ]
    text = _encode((live.id, _take_channel(live.values), versions))
    return f"sha256:{sha256(text).hexdigest()}"


def _encode(values: tuple[object, ...]) -> bytes:
    try:
        return msgspec.json.encode(values)
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can hold and UTF-8 cannot.
        return json.dumps(values).encode("ascii")
