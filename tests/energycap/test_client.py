from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import stamina

from reconciler.energycap.access import read_address
from reconciler.energycap.client import Editor, open_editor, open_reader, open_sender
from reconciler.energycap.endpoints import READS
from reconciler.energycap.mapping import ImportResponse, StoredReading, channel_body, live_from_response
from reconciler.energycap.session import Session
from reconciler.energycap.transport import Transport
from reconciler.errors import BadResponse, ProjectError, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.channels import DataPoint, ObservationType, ReferenceData, Snapshot, SummarizationMethod, Unit
from reconciler.model.fields import FIELDS
from reconciler.model.formulas import FormulaVerdict
from reconciler.model.project import ChannelEdit
from reconciler.sandbox import running
from reconciler.sandbox.demo_world import make_demo_world
from tests.energycap.documents import TRIP, make_channel, make_version, make_versions
from tests.energycap.fake_network import Script, make_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.energycap.client import Reader, Sender
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.values import Value
    from tests.energycap.documents import Document

    OpenClient = Callable[[str, str], AbstractContextManager[Reader]]


URL = "https://a.energycap.com"
KEY = "sandbox"
LIVE = cast("Fetched", live_from_response(make_channel()))
SEVERAL = make_versions(make_version(channelVersionId=1, endDate="2026-01-01"), make_version(beginDate="2026-01-01"))
OMIT = ChannelEdit.OMIT_VERSION
# With a value everywhere where there may be none: one such row shows that a list leaves nothing out.
TELLING = {
    "channelVersions": [
        make_version(channelVersionId=1, endDate="2026-01-01T00:00:00"),
        make_version(
            beginDate="2026-01-01T00:00:00", observationRule=TRIP, offset=1, minimumReading=0, maximumReading=9
        ),
    ]
}


class Service:
    """A service that lists and reads channels; the list leaves out what `hidden` names."""

    def __init__(self, channels: Sequence[Document], hidden: str = "") -> None:
        self._channels = {channel["channelId"]: channel for channel in channels}
        self._hidden = hidden

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path.split("/")[3:]:
            case ["esachannel"]:
                return self._list(request.url.params)
            case ["esachannel", channel_id]:
                return httpx.Response(200, json=self._channels[int(channel_id)])
            case ["unit"]:
                return httpx.Response(200, json=[{"unitId": 9, "unitCode": "USD"}])
            case _:
                return httpx.Response(200, json=[{"observationTypeId": 3, "observationTypeCode": "ELECUSE"}])

    def _list(self, params: httpx.QueryParams) -> httpx.Response:
        size = int(params["pageSize"])
        begin = size * (int(params["pageNumber"]) - 1)
        shown = [{**channel, self._hidden: None} for channel in self._channels.values()]
        return make_page(shown[begin : begin + size], len(shown))


@contextmanager
def reading(*answers: httpx.Response) -> Iterator[Reader]:
    with open_reader(URL, KEY, Script(*answers)) as reader:
        yield reader


def test_a_snapshot_is_all_channels_and_all_reference_data() -> None:
    channels = [make_channel(channelId=number) for number in (3, 1, 2)]

    with open_reader(URL, KEY, httpx.MockTransport(Service(channels))) as reader:
        snapshot = reader.read_snapshot()

    assert snapshot == Snapshot(
        channels=tuple(live_from_response(make_channel(channelId=number)) for number in (1, 2, 3)),
        reference=ReferenceData(
            units=(Unit(1, "KWH"), Unit(9, "USD")),
            observation_types=(ObservationType(3, "ELECUSE"),),
            summarization_methods=(SummarizationMethod(5, "Sum"),),
        ),
    )
    assert reader.findings == ()


def test_reference_data_is_read_for_channels_at_hand() -> None:
    with open_reader(URL, KEY, httpx.MockTransport(Service([]))) as reader:
        reference = reader.read_reference([LIVE])

    assert reference.units == (Unit(1, "KWH"), Unit(9, "USD"))
    assert reader.requests == {"GET /api/v202305/unit": 1, "GET /api/v3/observationtype": 1}


_ANSWERS = [
    (httpx.Response(403, text="No."), "GET {path} answered 403 Forbidden: No."),
    (httpx.Response(401), "GET {path} answered 401 Unauthorized"),
    (httpx.Response(404, json={"message": "not here"}), "GET {path} answered 404 Not Found: not here"),
    (httpx.Response(500), "GET {path} answered 500 Internal Server Error"),
    (httpx.Response(200, json=True), "the answer should be a list, found true"),
    (
        httpx.Response(200),
        "the service's answer cannot be used: GET {path} answered 200 OK with an empty body instead of JSON",
    ),
    (
        make_page([{"unitId": 1, "unitCode": "KWH"}], 2),
        "the service's answer cannot be used: a list that has no pages holds 1 of 2 entries",
    ),
]


@pytest.mark.parametrize(("answer", "unread"), _ANSWERS, ids=["403", "401", "404", "500", "true", "empty", "a part"])
def test_a_list_that_the_service_does_not_give_is_not_known_and_the_rest_is_read(
    answer: httpx.Response, unread: str
) -> None:
    service = Service([make_channel()])

    def refuse(request: httpx.Request) -> httpx.Response:
        return answer if request.url.path in {"/api/v202305/unit", "/api/v3/observationtype"} else service(request)

    with open_reader(URL, KEY, httpx.MockTransport(refuse)) as reader:
        reference = reader.read_snapshot().reference

    assert reference == ReferenceData(
        units=(Unit(1, "KWH"),),
        observation_types=(ObservationType(3, "ELECUSE"),),
        summarization_methods=(SummarizationMethod(5, "Sum"),),
        units_unread=unread.format(path="/api/v202305/unit"),
        observation_types_unread=unread.format(path="/api/v3/observationtype"),
    )


def test_a_wrong_key_is_reported_although_all_lists_refuse_it() -> None:
    network = httpx.MockTransport(lambda _request: httpx.Response(401))

    with pytest.raises(Unauthorized) as failure, open_reader(URL, KEY, network) as reader:
        reader.read_snapshot()

    assert failure.value.message == (
        "the service refused access: GET /api/v202406/esachannel answered 401 Unauthorized"
    )


def test_long_lists_are_read_in_pages_of_a_thousand() -> None:
    channels = [{**make_channel(), **TELLING, "channelId": number} for number in range(2500, 0, -1)]

    with open_reader(URL, KEY, httpx.MockTransport(Service(channels))) as reader:
        found = reader.list_channels()

    assert [live.id for live in found] == list(range(1, 2501))
    assert reader.requests == {"GET /api/v202406/esachannel": 3, "GET /api/v202406/esachannel/{id}": 1}


@pytest.mark.parametrize("hidden", ["channelVersions", "dataPoint"])
def test_channels_that_a_list_gives_in_part_are_read_one_by_one(hidden: str) -> None:
    channels = [make_channel(channelId=number) for number in (3, 1, 2)]

    with open_reader(URL, KEY, httpx.MockTransport(Service(channels, hidden))) as reader:
        found = reader.list_channels()

    assert found == tuple(live_from_response(make_channel(channelId=number)) for number in (1, 2, 3))
    assert reader.requests == {"GET /api/v202406/esachannel": 1, "GET /api/v202406/esachannel/{id}": 3}


def test_the_channels_of_one_data_point_are_asked_for_by_filter() -> None:
    network = Script(make_page([make_channel()]))

    with open_reader(URL, KEY, network) as reader:
        assert reader.list_channels(301) == (LIVE,)

    assert dict(network.sent[0].url.params) == {
        "filter": "dataPointId equals '301'",
        "pageNumber": "1",
        "pageSize": "1000",
    }


@pytest.mark.parametrize(
    ("answers", "flaw"),
    [
        ([httpx.Response(200, json={"channels": []})], "page 1 of the list of channels is not a list"),
        ([make_page([make_channel(), {"channelInfo": "x"}])], "a channel comes without its channelId"),
        (
            [make_page([make_channel()], 2, PageSize="1000", TotalPages="1")] * 2,
            (
                "the list of channels could not be read in full, in two attempts: "
                "page 1 of 1 holds 1 channels instead of 2"
            ),
        ),
        (
            [make_page([make_channel(), make_channel()])] * 2,
            (
                "the list of channels could not be read in full, in two attempts: "
                "1 of 2 channels came twice, so as many are missing"
            ),
        ),
        (
            [httpx.Response(200, json=[make_channel()])],
            "a page of channels comes without the header TotalNumberOfRecords, so nothing shows it is all",
        ),
    ],
    ids=["no list", "no id", "short", "twice", "no total"],
)
def test_a_list_that_is_not_proved_complete_is_refused(answers: list[httpx.Response], flaw: str) -> None:
    with pytest.raises(BadResponse) as failure, reading(*answers) as reader:
        reader.list_channels()

    assert failure.value.message == f"the service's answer cannot be used: {flaw}"


@pytest.mark.parametrize(
    "headers",
    [{"TotalPages": "2"}, {"totalpages": "2"}, {"TotalNumberOfRecords": "3"}, {"totalnumberofrecords": "3"}],
    ids=["pages", "pages in lower case", "total", "total in lower case"],
)
def test_a_list_is_read_to_its_end_whatever_header_counts_it(headers: dict[str, str]) -> None:
    pages = [[1, 2], [3]]

    def answer(request: httpx.Request) -> httpx.Response:
        if "pageNumber" not in request.url.params:
            return httpx.Response(200, json=make_channel(channelId=int(request.url.path.rpartition("/")[2])))
        rows = [make_channel(channelId=id_) for id_ in pages[int(request.url.params["pageNumber"]) - 1]]
        return httpx.Response(200, json=rows, headers=headers)

    with open_reader(URL, KEY, httpx.MockTransport(answer)) as reader:
        assert [live.id for live in reader.list_channels()] == [1, 2, 3]


def test_one_channel_is_read_by_its_id() -> None:
    with reading(httpx.Response(200, json=make_channel())) as reader:
        assert reader.read_channel(1042) == LIVE


def test_another_channel_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(BadResponse) as failure, reading(httpx.Response(200, json=make_channel())) as reader:
        reader.read_channel(7)

    assert (
        failure.value.message == "the service's answer cannot be used: channel 7 was requested, but channel 1042 came"
    )


@pytest.mark.parametrize(
    ("verdict", "reasons"),
    [
        ({"valid": True, "errorMessages": []}, ()),
        ({"valid": True, "errorMessages": None}, ()),
        ({"valid": False, "errorMessages": ["no such\nchannel", "\x07"]}, ("no such channel", r"\x07")),
        ({"valid": False}, ("the service gives no reason",)),
    ],
    ids=["valid", "valid, null", "reasons", "no reason"],
)
def test_a_formula_is_checked_by_the_service(verdict: object, reasons: tuple[str, ...]) -> None:
    network = Script(httpx.Response(200, json=verdict))

    with open_reader(URL, KEY, network) as reader:
        assert reader.validate_formulas([(301, "channel(7) * 2")]) == (FormulaVerdict(reasons),)

    (sent,) = network.sent
    assert (sent.method, sent.url.path) == ("POST", "/api/v202405/formula/validate")
    assert json.loads(sent.content) == {"dataPointId": 301, "formula": "channel(7) * 2"}


_POST = "POST /api/v202405/formula/validate answered"
_ODD = "the service's answer cannot be used:"


@pytest.mark.parametrize(
    ("answer", "unasked"),
    [
        (httpx.Response(404), f"{_POST} 404 Not Found"),
        (httpx.Response(403), f"{_POST} 403 Forbidden"),
        (httpx.Response(401), f"{_POST} 401 Unauthorized"),
        (httpx.Response(500, text="No."), f"{_POST} 500 Internal Server Error: No."),
        (
            httpx.Response(400, html="<title>Request blocked</title>"),
            f'{_POST} 400 Bad Request: a page titled "Request blocked"',
        ),
        (httpx.Response(200), f"{_ODD} {_POST} 200 OK with an empty body instead of JSON"),
        (
            httpx.Response(200, html="<title>Sign in</title>"),
            f'{_ODD} {_POST} 200 OK with text/html; charset=utf-8 instead of JSON: a page titled "Sign in"',
        ),
        (
            httpx.Response(200, json=True),
            f"{_ODD} whether the formula is valid: the answer should be an object, found true",
        ),
        (
            httpx.Response(200, json={}),
            f"{_ODD} whether the formula is valid: valid should be true or false, found nothing",
        ),
        (
            httpx.Response(200, json={"valid": "yes"}),
            f"{_ODD} whether the formula is valid: valid should be true or false, found text",
        ),
    ],
    ids=["404", "403", "401", "500", "a page with 400", "empty", "HTML", "true", "no verdict", "text"],
)
def test_a_formula_that_the_service_does_not_check_says_why(answer: httpx.Response, unasked: str) -> None:
    with open_reader(URL, KEY, httpx.MockTransport(lambda _request: answer)) as reader:
        assert reader.validate_formulas([(301, "1")]) == (FormulaVerdict(unasked=unasked),)


def test_a_formula_that_is_refused_as_a_bad_request_is_not_valid() -> None:
    with reading(httpx.Response(400, json={"message": "Unexpected end of formula."})) as reader:
        (verdict,) = reader.validate_formulas([(301, "1 +")])

    assert verdict == FormulaVerdict((f"{_POST} 400 Bad Request: Unexpected end of formula",))


def test_many_formulas_are_not_checked_one_by_one_if_no_response_comes() -> None:
    with open_reader(URL, KEY, httpx.MockTransport(lambda _request: httpx.Response(404))) as reader:
        verdicts = reader.validate_formulas([(301, str(number)) for number in range(9)])

        assert verdicts == (FormulaVerdict(unasked=f"{_POST} 404 Not Found"),) * 9
        assert reader.requests.total() == 4


@pytest.mark.parametrize("open_client", [open_reader, open_editor])
def test_no_client_is_opened_for_an_unsafe_address_or_an_impossible_key(open_client: OpenClient) -> None:
    with pytest.raises(ProjectError), open_client("http://a.example", KEY):
        pass
    with pytest.raises(Unauthorized), open_client(URL, ""):
        pass


def test_an_edit_sends_the_whole_channel_and_returns_what_the_service_answers() -> None:
    network = Script(httpx.Response(200, json=make_channel(channelInfo="New")))

    with open_editor(URL, KEY, network) as editor:
        live = editor.edit_channel(LIVE, {"channelInfo": "New"}, OMIT)

    (sent,) = network.sent
    assert (sent.method, sent.url.path) == ("PUT", "/api/v202406/esachannel/1042")
    assert json.loads(sent.content)["channelInfo"] == "New"
    assert json.loads(sent.content).keys() == {
        *("channelInfo", "channelDescription", "channelImportId", "observationTypeId", "summarizationMethodId"),
        *("intervalMinutes", "isCalculated", "isPrimaryValue", "isPrimaryDemand", "esaChannelVersion"),
    }
    assert live is not None
    assert live.name == "New"
    assert editor.requests == {"PUT /api/v202406/esachannel/{id}": 1}


@pytest.mark.parametrize("answer", [httpx.Response(200, json={}), httpx.Response(204)], ids=["200", "204"])
def test_an_edit_of_a_version_goes_to_the_current_one(answer: httpx.Response) -> None:
    network = Script(answer)

    with open_editor(URL, KEY, network) as editor:
        editor.edit_version(cast("Fetched", live_from_response(SEVERAL)), {"esaChannelVersion.multiplier": 2})

    (sent,) = network.sent
    assert (sent.method, sent.url.path) == ("PUT", "/api/v202406/esachannel/1042/version/10420")
    assert json.loads(sent.content) | {"beginDate": "2026-01-01T00:00:00", "multiplier": 2} == json.loads(sent.content)


@pytest.mark.parametrize(
    ("answer", "failure", "begins"),
    [
        (httpx.Response(400, json={"message": "No."}), Rejected, "the service refused: PUT"),
        (httpx.Response(401), Unauthorized, "the service refused access: PUT"),
        (httpx.Response(500), Unavailable, "the service could not answer: PUT"),
        (httpx.ReadTimeout(""), Unreachable, "no answer from https://a.energycap.com: PUT"),
        (httpx.Response(302), Unreachable, "whether PUT /api/v202406/esachannel/1042 was done is not known"),
        (
            httpx.Response(200, html="<p>hello</p>"),
            Unreachable,
            "whether PUT /api/v202406/esachannel/1042 was done is not known",
        ),
        (
            httpx.Response(200, json=make_channel(channelId=7)),
            Unreachable,
            (
                "whether PUT /api/v202406/esachannel/1042 was done is not known: the service's answer cannot be used: "
                "channel 1042 was requested, but channel 7 came"
            ),
        ),
    ],
    ids=["refused", "no permission", "broken", "silent", "redirect", "page", "another channel"],
)
def test_without_a_clear_response_it_is_unknown_whether_an_edit_was_done(
    answer: httpx.Response | Exception, failure: type[ServiceError], begins: str
) -> None:
    network = Script(answer)

    with pytest.raises(failure) as found, open_editor(URL, KEY, network) as editor:
        editor.edit_channel(LIVE, {"channelInfo": "New"}, OMIT)

    assert found.value.message.startswith(begins)
    assert found.value.fix
    assert len(network.sent) == 1


@pytest.mark.parametrize("answer", [httpx.Response(204), httpx.Response(200)], ids=["no content", "empty"])
def test_an_edit_that_is_answered_with_a_bare_success_must_be_read_back(answer: httpx.Response) -> None:
    network = Script(answer)

    with open_editor(URL, KEY, network) as editor:
        assert editor.edit_channel(LIVE, {"channelInfo": "New"}, OMIT) is None

    assert len(network.sent) == 1


def test_after_a_redirect_it_is_unknown_whether_a_version_was_edited() -> None:
    with pytest.raises(Unreachable) as failure, open_editor(URL, KEY, Script(httpx.Response(307))) as editor:
        editor.edit_version(LIVE, {"esaChannelVersion.multiplier": 2})

    assert failure.value.message.startswith("whether PUT /api/v202406/esachannel/1042/version/10420 was done is not")


WANTED = {field.path: LIVE.values.get(field.path) for field in FIELDS}
CREATE = ("POST", "/api/v202406/esachannel")


def create(network: httpx.BaseTransport, **wanted: Value) -> Live | None:
    with open_editor(URL, KEY, network) as editor:
        return editor.create_channel(LIVE.data_point.id, {**WANTED, **wanted})


@pytest.mark.parametrize("status", [200, 201])
def test_a_channel_is_created_with_all_its_settings_and_without_a_begin(status: int) -> None:
    network = Script(httpx.Response(status, json=make_channel()))

    live = create(network)

    (sent,) = network.sent
    edit = channel_body(LIVE, {"channelInfo": LIVE.name}, OMIT)
    version = {key: value for key, value in edit["esaChannelVersion"].items() if key != "beginDate"}  # type: ignore[attr-defined]
    assert (sent.method, sent.url.path) == CREATE
    assert json.loads(sent.content) == {**edit, "dataPointId": LIVE.data_point.id, "esaChannelVersion": version}
    assert live == LIVE


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(204),
        httpx.Response(200),
        httpx.Response(200, json=True),
        httpx.Response(200, json={"channelId": 1042}),
        httpx.Response(200, html="<p>hello</p>"),
        httpx.Response(200, json=make_channel(dataPoint={"dataPointId": 7})),
    ],
    ids=["no content", "empty", "true", "an id", "page", "another data point"],
)
def test_a_created_channel_that_the_answer_does_not_show_must_be_found(answer: httpx.Response) -> None:
    network = Script(answer)

    assert create(network) is None
    assert len(network.sent) == 1


@pytest.mark.parametrize(
    ("answer", "failure", "begins"),
    [
        (httpx.Response(400, json={"message": "No."}), Rejected, "the service refused: POST"),
        (httpx.Response(403), Unauthorized, "the service refused access: POST"),
        (httpx.Response(503), Unavailable, "the service could not answer: POST"),
        (httpx.ReadTimeout(""), Unreachable, "no answer from https://a.energycap.com: POST"),
        (httpx.Response(302), Unreachable, "whether POST /api/v202406/esachannel was done is not known"),
    ],
    ids=["refused", "no permission", "too busy or a gateway", "silent", "redirect"],
)
def test_a_creation_that_may_have_been_done_is_never_sent_again(
    answer: httpx.Response | Exception, failure: type[ServiceError], begins: str
) -> None:
    network = Script(answer)

    with pytest.raises(failure) as found:
        create(network)

    assert found.value.message.startswith(begins)
    assert len(network.sent) == 1


BUSY = httpx.Response(429, headers={"Retry-After": "0"})


@pytest.mark.parametrize("failure", [BUSY, httpx.ConnectError("refused")], ids=["too busy", "no connection"])
def test_a_creation_that_was_certainly_not_done_is_sent_again_if_nobody_else_made_it(
    failure: httpx.Response | Exception,
) -> None:
    network = Script(failure, make_page([]), httpx.Response(200, json=make_channel()))

    with stamina.set_testing(True, attempts=2, cap=True):
        assert create(network) == LIVE

    assert [sent.method for sent in network.sent] == ["POST", "GET", "POST"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            make_page([make_channel(**TELLING)]),
            "the channel was not created: channel 1042 got its import id while the service made this one wait",
        ),
        (
            httpx.Response(400, text="No."),
            "the service refused: GET /api/v202406/esachannel answered 400 Bad Request: No.",
        ),
        (
            httpx.Response(200, json={}),
            "the channel was not created, and its data point could not be read to try again: ",
        ),
    ],
    ids=["made by somebody else", "refused", "unreadable"],
)
def test_a_creation_is_not_sent_again_if_the_channel_may_be_there_by_now(found: httpx.Response, message: str) -> None:
    network = Script(BUSY, found, found, found)

    with stamina.set_testing(True, attempts=2, cap=True), pytest.raises(Rejected) as failure:
        create(network)

    assert failure.value.message.startswith(message)
    assert [sent.method for sent in network.sent].count("POST") == 1


def test_a_creation_is_not_sent_again_if_its_import_id_is_there_without_the_blanks_around_it() -> None:
    network = Script(BUSY, make_page([make_channel(channelImportId="NEW-1")]))

    with stamina.set_testing(True, attempts=2, cap=True), pytest.raises(Rejected, match="got its import id"):
        create(network, channelImportId="NEW-1 ")


@pytest.mark.parametrize("path", ["channelInfo", "esaChannelVersion.unitId", "isCalculated"])
def test_a_channel_without_what_every_channel_has_is_not_sent(path: str) -> None:
    network = Script()

    with pytest.raises(ValueError, match=f"a new channel needs {path}: this is a bug, and nothing was sent"):
        create(network, **{path: None})

    assert network.sent == []


def test_nothing_is_sent_if_nothing_is_wanted() -> None:
    network = Script()

    with open_editor(URL, KEY, network) as editor:
        with pytest.raises(ValueError, match="nothing is wanted"):
            editor.edit_channel(LIVE, {}, OMIT)
        with pytest.raises(ValueError, match="nothing is wanted"):
            editor.edit_version(LIVE, {})

    assert network.sent == []


def test_over_a_readers_transport_not_even_an_editor_can_write() -> None:
    network = Script()
    session = Session(Transport(read_address(URL), KEY, READS, network))

    with ThreadPoolExecutor() as executor:
        editor = Editor(session, executor)
        with pytest.raises(RuntimeError, match="may not be sent from here"):
            editor.edit_channel(LIVE, {"channelInfo": "New"}, OMIT)
        with pytest.raises(RuntimeError, match="may not be sent from here"):
            editor.edit_version(LIVE, {"esaChannelVersion.multiplier": 2})

    assert network.sent == []


READING = {"time": "2026-12-01T00:15:00", "value": 1.5, "estimated": False, "note": None}
GROUPS = [{"channelImportId": "NB-ELEC-01-USE", "readings": [READING]}]
ESA_GROUPS = [{"esaChannelImportId": "NB-ELEC-01-USE", "readings": [READING]}]
TAKEN = {"importedReadingsCount": 1, "failedReadingsCount": 0, "failedReadings": []}


@contextmanager
def sending(script: Script) -> Iterator[Sender]:
    with open_sender("https://a.energycap.com", "sandbox", script) as sender:
        yield sender


def test_groups_are_sent_unchanged_and_the_response_is_returned() -> None:
    script = Script(httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        receipt = sender.send_readings(GROUPS)

    assert receipt == ImportResponse(imported=1, failed=0, groups=())
    assert (script.sent[0].method, script.sent[0].url.path) == ("POST", "/api/v3/reading")
    assert json.loads(script.sent[0].content) == GROUPS


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("silence"), Unreachable),
        (httpx.RemoteProtocolError("gone"), Unreachable),
        (httpx.Response(503), Unavailable),
        (httpx.Response(200, content=b"<html>"), Unreachable),
        (httpx.Response(200, json={}), Unreachable),
        (httpx.Response(200, json={**TAKEN, "failedReadingsCount": 1}), Unreachable),
        (httpx.Response(302, headers={"Location": "/sign-in"}), Unreachable),
        (httpx.Response(400, json={"message": "no"}), Rejected),
        (httpx.Response(401), Unauthorized),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_readings_are_never_sent_again_if_they_may_have_arrived(
    answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    script = Script(answer)

    with sending(script) as sender, pytest.raises(kind):
        sender.send_readings(GROUPS)

    assert len(script.sent) == 1


def test_readings_that_certainly_did_not_arrive_are_sent_again() -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        assert sender.send_readings(GROUPS).imported == 1

    assert len(script.sent) == 2


def test_a_key_without_the_permission_names_the_permission() -> None:
    with sending(Script(httpx.Response(403))) as sender, pytest.raises(Unauthorized) as caught:
        sender.send_readings(GROUPS)

    assert caught.value.fix.endswith("lacks the permission IntervalData (Manage)")


def test_esa_readings_are_sent_again_after_a_lost_answer() -> None:
    script = Script(httpx.ReadTimeout("silence"), httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        assert sender.send_esa_readings(ESA_GROUPS) == ImportResponse(1, 0, ())

    assert [request.url.path for request in script.sent] == ["/api/v202407/esaReading"] * 2


@pytest.mark.parametrize("answer", [b"", b"null", b'{"taskId": 7}', b"[1]"])
def test_an_esa_answer_may_say_no_more_than_success(answer: bytes) -> None:
    with sending(Script(httpx.Response(200, content=answer))) as sender:
        assert sender.send_esa_readings(ESA_GROUPS) is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>sign in</html>", headers={"Content-Type": "text/html"}),
        httpx.Response(302, headers={"Location": "/sign-in"}),
        httpx.Response(200, json={**TAKEN, "failedReadingsCount": 1}),
    ],
    ids=["a page", "a redirect", "a receipt that does not add up"],
)
def test_a_response_that_does_not_come_from_the_service_is_not_a_success(answer: httpx.Response) -> None:
    with sending(Script(answer)) as sender, pytest.raises(BadResponse):
        sender.send_esa_readings(ESA_GROUPS)


def test_a_sender_cannot_edit_channels() -> None:
    with sending(Script()) as sender:
        assert not hasattr(sender, "edit_channel")


def test_readings_arrive_in_the_sandbox_and_are_read_back(tmp_path: Path) -> None:
    later = [{**GROUPS[0], "readings": [{**READING, "time": "2026-12-01T00:30:00-05:00", "value": 2}, {"value": 1}]}]
    with (
        running(tmp_path / "sandbox.sqlite3", make_demo_world()) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        channel = next(live for live in sender.list_channels() if live.values["channelImportId"] == "NB-ELEC-01-USE")
        esa, v3 = sender.send_esa_readings(ESA_GROUPS), sender.send_readings(later)
        kept = sender.read_readings(channel.id, "2026-12-01T00:00:00", "2026-12-02T00:00:00")

    assert esa == ImportResponse(imported=1, failed=0, groups=())
    assert (v3.imported, v3.failed, v3.groups[0].identifiers["channelImportId"]) == (1, 1, "NB-ELEC-01-USE")
    assert [(reading.time[:16], reading.value) for reading in kept] == [
        ("2026-12-01T00:15", 1.5),
        ("2026-12-01T00:30", 2),
    ]
    assert isinstance(kept[0], StoredReading)


def answer_data_point(request: httpx.Request) -> httpx.Response:
    """Four data points: one as documented, one that is not there, one that may not be read, one with another's id."""
    number = int(request.url.path.rpartition("/")[2])
    commodity = {"commodityId": 1, "commodityCode": "ELECTRIC", "commodityInfo": "Electric"}
    shown = {"dataPointCode": "SC-01", "dataPointInfo": "Science", "importId": "SC-IMP", "commodity": commodity}
    answers = {1: (200, {**shown, "dataPointId": 1}), 2: (404, None), 3: (403, None), 4: (200, {"dataPointId": 5})}
    status, document = answers[number]
    return httpx.Response(status, json=document)


def test_data_points_are_read_by_id_and_only_a_404_says_that_there_is_none() -> None:
    with open_reader(URL, KEY, httpx.MockTransport(answer_data_point)) as reader:
        points = reader.read_data_points({1, 2, 3, 4})

    assert points == {1: DataPoint(1, "SC-01", "Science", "SC-IMP", "Electric"), 2: None}
