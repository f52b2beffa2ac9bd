"""Bad files, each with the code and the line of the finding that it must give."""

from __future__ import annotations

from msgspec import Struct

MIB = 1024 * 1024


class Bad(Struct, frozen=True):
    """A file that must give a finding of `code` in `line`."""

    name: str
    content: bytes
    code: str
    line: int = 1


def _channel(lines: str) -> str:
    """A file with one channel; `lines` are its settings, from line 3."""
    return "channels:\n  north-use:\n" + "".join(f"    {line}\n" for line in lines.split("\n"))


def _version(lines: str) -> str:
    """A file with one channel; `lines` are the settings of its version, from line 5."""
    indented = "\n".join(f"  {line}" for line in lines.split("\n"))
    return _channel(f"channelId: 1\nesaChannelVersion:\n{indented}")


def _in_channel(code: str, line: int, **settings: str) -> list[Bad]:
    return [Bad(name, _channel(lines).encode(), code, line) for name, lines in settings.items()]


def _in_version(code: str, line: int, **settings: str) -> list[Bad]:
    return [Bad(name, _version(lines).encode(), code, line) for name, lines in settings.items()]


def _whole(code: str, line: int, **contents: str | bytes) -> list[Bad]:
    encoded = ((name, text if isinstance(text, bytes) else text.encode()) for name, text in contents.items())
    return [Bad(name, content, code, line) for name, content in encoded]


_GOOD = "channels:\n  north-use:\n    channelId: 1\n    channelInfo: North\n"


def _laughs(levels: int, width: int) -> str:
    rows = (f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]\n" for level in range(1, levels))
    return "channels:\n  a0: &a0 {channelId: 1}\n" + "".join(rows)


def _nest(text: str) -> str:
    return "{x: " * 12 + text + "}" * 12


BYTES = [
    *_whole(
        "ESA113", 1, empty=b"", space=b"   \n\n", comment=b"# nothing\n", marker=b"---\n", bom_only=b"\xef\xbb\xbf"
    ),
    *_whole("ESA104", 1, utf16_le="channels: {}".encode("utf-16"), utf16_be=b"\xfe\xff\x00c\x00h"),
    *_whole("ESA104", 1, utf32=b"\xff\xfe\x00\x00c\x00\x00\x00", lone_continuation=b"\x80: 1\n"),
    *_whole("ESA104", 4, latin_1=_GOOD.replace("North", "N\xf6rd").encode("latin-1")),
    *_whole("ESA104", 4, surrogate_in_utf8=_GOOD.encode().replace(b"North", b"\xed\xa0\x80")),
    *_whole(
        "ESA104", 4, overlong=_GOOD.encode().replace(b"North", b"\xc0\xaf"), cut_short=_GOOD.encode()[:-4] + b"\xe2\x82"
    ),
    *_whole(
        "ESA105",
        4,
        nul=_GOOD.replace("North", "No\0rth"),
        bell=_GOOD.replace("North", "\x07"),
        escape=_GOOD.replace("North", "\x1b[31mred"),
    ),
    *_whole(
        "ESA105",
        4,
        delete=_GOOD.replace("North", "\x7f"),
        c1=_GOOD.replace("North", "\x9b31m"),
        next_line=_GOOD.replace("North", "a\x85b"),
    ),
    *_whole(
        "ESA105", 4, line_separator=_GOOD.replace("North", "a\u2028b"), bom_inside=_GOOD.replace("North", "\ufeffN")
    ),
    *_whole("ESA105", 1, two_boms=b"\xef\xbb\xbf\xef\xbb\xbfchannels: {}\n", noncharacter="# \uffff\n"),
    *_whole("ESA105", 1, nothing_but_nul=b"\0" * 1000, nul_megabytes=b"\0" * MIB),
    *_whole("ESA106", 3, tab_indent="channels:\n  a:\n\tchannelId: 1\n"),
    *_whole(
        "ESA106", 1, tab_in_comment="#\tnote\nchannels: {}\n", tabs_only=b"\t" * MIB, tab_after_colon="channels:\t{}\n"
    ),
    *_whole("ESA106", 4, tab_in_text=_GOOD.replace("North", '"North\tside"')),
    *_whole("ESA103", 1, too_large=b"# " + b"x" * (5 * MIB), too_large_and_not_utf8=b"\xff" * (5 * MIB + 1)),
    *_whole("ESA107", 1, random=b"\x25\x50\x44\x46-1.4 \x7b\x7d", binary_png=b"%PNG\n"),
]

SYNTAX = [
    *_in_channel(
        "ESA107",
        3,
        at="channelInfo: @north",
        backtick="channelInfo: `north`",
        percent="channelInfo: %north",
        colon_in_text="channelInfo: Building: North",
        colon_at_end="channelInfo: North:",
        dash="channelInfo: - north",
        question="channelInfo: ? north",
        bracket="channelInfo: [a] * 2",
        brace="channelInfo: {a} + 1",
        template_in_text="channelInfo: {{ name }} use",
        template="channelInfo: {{ name }}",
        template_inside="channelInfo: {a: {{ name }}}",
        pipe="channelInfo: | north",
        greater="channelInfo: > north",
        after_quote='channelInfo: "North" side',
        after_single_quote="channelInfo: 'North' side",
        apostrophe="channelInfo: 'North's use'",
        open_quote='channelInfo: "North',
        open_single_quote="channelInfo: 'North",
        open_bracket="channelInfo: [North",
        open_brace="channelInfo: {North",
        bad_escape=r'channelInfo: "C:\data"',
        lone_surrogate=r'channelInfo: "\ud800"',
        too_high=r'channelInfo: "\U00110000"',
        far_too_high=r'channelInfo: "\U83871978"',
        short_hex=r'channelInfo: "\x1"',
        star="channelInfo: * 2",
        star_and_more="channelInfo: *a + 1",
        bang_handle="channelInfo: !e!x y",
        no_space="channelInfo:North\nchannelId: 1",
        no_colon="channelInfo North\nchannelId: 1",
    ),
    *_in_channel(
        "ESA107",
        4,
        indented_more="channelId: 1\n  channelInfo: North",
        indented_less="channelId: 1\n channelInfo: North",
    ),
    *_whole(
        "ESA107",
        2,
        stray_text="channels: {}\nnorth\n",
        closing="channels: {}\n}\n",
        second_colon="channels:\n  a: b: c\n",
    ),
    *_whole("ESA107", 1, only_colon=": 1\n", percent_line="%x\n", long_key=b"a" * 2000 + b": 1\n"),
    *_whole("ESA107", 3, after_end_marker="channels: {}\n...\nfeeds: {}\n"),
    *_whole(
        "ESA109",
        1,
        yaml_directive="%YAML 1.1\n---\nchannels: {}\n",
        tag_directive="%TAG ! tag:x,2000:\n---\nchannels: {}\n",
    ),
    *_whole("ESA112", 5, two_documents=_GOOD + "---\nchannels: {}\n", two_markers=_GOOD + "---\n"),
]

STRICT = [
    *_in_channel("ESA108", 4, twice="channelId: 1\nchannelId: 2", twice_quoted='channelId: 1\n"channelId": 2'),
    *_whole("ESA108", 3, name_twice="channels:\n  a: {channelId: 1}\n  a: {channelId: 2}\n"),
    *_whole("ESA108", 3, ten_thousand_times="channels:\n" + "  a: {channelId: 1}\n" * 10_000),
    *_in_channel(
        "ESA109",
        3,
        python_tag="channelInfo: !!python/object/apply:os.system [ls]",
        binary_tag="channelInfo: !!binary aGk=",
        string_tag="channelInfo: !!str 12",
        own_tag="channelInfo: !vault x",
        lone_tag="channelInfo: ! north",
        include="channelInfo: !include other.yaml",
        tag_on_key="!!str channelInfo: north",
        tag_after_anchor="channelInfo: &a !x north",
    ),
    *_in_channel(
        "ESA110",
        3,
        unused_anchor="channelInfo: &use north",
        unknown_alias="channelInfo: *north",
        merge="<<: {channelId: 1}",
    ),
    *_in_channel("ESA110", 3, anchor_on_key="&a channelInfo: north", quoted_merge='"<<": 1'),
    *_whole("ESA110", 2, self_reference="channels:\n  a: &a {select: *a}\n"),
    *_whole("ESA110", 7, billion_laughs=_laughs(12, 9)),
    *_whole(
        "ESA110",
        103,
        hundred_and_one="channels:\n  a: &a {channelId: 1}\n" + "".join(f"  b{n}: *a\n" for n in range(101)),
    ),
    *_in_channel(
        "ESA115", 3, list_as_key="? [a]\n: 1", mapping_as_key="? {a: 1}\n: 1", no_key="? \n: 1", empty_key='"": 1'
    ),
    *_in_channel(
        "ESA105",
        3,
        control_in_key=r'"channel\e": 1',
        nul_escape=r'channelInfo: "\0"',
        ansi_escape=r'channelInfo: "\e[2J"',
        c1_escape=r'channelInfo: "\x9b"',
    ),
    *_in_channel(
        "ESA114",
        3,
        no_value="channelDescription:",
        tilde="channelDescription: ~",
        big_null="channelDescription: NULL",
        title_null="channelDescription: Null",
    ),
    *_whole(
        "ESA114",
        1,
        channels_without_value="channels:\n",
        defaults_without_value="defaults:\nchannels: {a: {channelId: 1}}\n",
    ),
    *_whole("ESA114", 2, channel_without_value="channels:\n  north-use:\n"),
    *_whole(
        "ESA111",
        1,
        deep_flow="channels: " + "[" * 10_000,
        deep_mappings="channels: " + "{a: " * 10_000,
        deep_closed="[" * 100 + "]" * 100,
        deep_without_key="[" * 10_000,
        deep_in_key="? " + "[" * 10_000,
        deep_in_anchor="a: &a " + "[" * 10_000,
        deep_in_tag="a: !x " + "[" * 10_000,
        deep_in_quotes_and_out='a: ["[[[[", ' + "[" * 10_000,
        deep_dashes="- " * 10_000 + "a",
        deep_questions="? " * 10_000 + "a",
        deep_before_a_mistake="[" * 50 + " @",
        deep_after_shallow="[" + "[], " * 50 + "[" * 2_000,
        one_too_many="[" * 21 + "]" * 21,
        one_too_many_unclosed="[" * 21,
    ),
    *_whole("ESA111", 2, deep_under_comment="a: # [[[[\n  " + "[" * 10_000),
    *_whole("ESA111", 16, deep_below_blocks="".join(" " * n + "a:\n" for n in range(15)) + " " * 16 + "[" * 10_000),
    *_whole("ESA111", 20, deep_over_lines="a: " + "[\n " * 10_000),
    *_whole(
        "ESA107",
        1,
        deep_after_a_mistake="a: @x\nb: " + "[" * 10_000,
        brackets_in_text="a: x" + "[" * 50 + ": c",
        brackets_in_open_quotes='a: "' + "[" * 50,
        brackets_in_comment="[" * 15 + " # " + "[" * 50,
        brackets_side_by_side="[" + "[[[[]]]], " * 50,
        just_deep_enough="[" * 20,
    ),
    *_whole("ESA111", 21, deep_block="".join(" " * n + "a:\n" for n in range(1000))),
    *_whole("ESA111", 2, deep_by_aliases=f"a: &a {_nest('1')}\nb: {_nest('*a')}\n"),
]

NUMBERS = [
    *_in_version(
        "ESA116",
        5,
        infinite="multiplier: 1e999",
        minus_infinite="multiplier: -1e999",
        tiny="multiplier: 1e-400",
        huge_exponent="multiplier: 1e99999999999999999999",
        scale="multiplier: 0.1234567890123456",
        small_exponent="multiplier: 1e-16",
        precision="multiplier: 1234567890123456789012345678901",
        lost="multiplier: 9007199254740993",
        lost_decimal="multiplier: 0.10000000000000001",
        digits="multiplier: 1" + "0" * 5000,
    ),
    *_in_version(
        "ESA123",
        5,
        nan="multiplier: .nan",
        inf="multiplier: .inf",
        word_nan="multiplier: NaN",
        word_infinity="multiplier: Infinity",
        octal="multiplier: 012",
        hexadecimal="multiplier: 0x1F",
        plus="multiplier: +1",
        point="multiplier: .5",
        point_at_end="multiplier: 1.",
        underscore="multiplier: 1_000",
        comma="multiplier: 1,5",
        clock="multiplier: 1:30",
        percent_value="multiplier: 5%",
        quoted='multiplier: "1"',
        true_value="multiplier: true",
        null_value="multiplier: null",
        list_value="multiplier: [1]",
        date_value="multiplier: 2024-07-01",
    ),
    *_in_channel("ESA126", 3, id_zero="channelId: -0", id_negative="channelId: -1", id_beyond="channelId: 2147483648"),
    *_in_channel("ESA123", 3, id_fraction="channelId: 1.5", id_text='channelId: "1"', id_bool="channelId: true"),
    *_in_version(
        "ESA126", 5, multiplier_high="multiplier: 1e13", multiplier_low="multiplier: -1e13", unit_zero="unitId: 0"
    ),
    *_in_version(
        "ESA126", 5, allowance="rollbackAllowance: 1.1", rollover="rolloverValue: -1", maximum="maximumReading: 1e15"
    ),
]

SHAPES = [
    *_whole("ESA123", 1, a_list="- a\n- b\n", a_text="north\n", a_number="12\n", a_bool="true\n", a_null="null\n"),
    *_whole("ESA123", 1, channels_list="channels: [a]\n", channels_text="channels: none\n"),
    *_whole(
        "ESA113",
        1,
        no_channels="channels: {}\n",
        no_keys="{}\n",
        only_data_point="dataPoint: A\n",
        no_feeds="feeds: {}\n",
    ),
    *_whole("ESA113", 2, empty_channel="channels:\n  north-use: {}\n"),
    *_whole("ESA121", 1, unknown_top="chanels:\n  a: {channelId: 1}\n", response_key="channelVersions: []\n"),
    *_in_channel("ESA121", 3, unknown_key="chanelInfo: x", misplaced="unitCode: KWH", long_unknown="x" * 900 + ": 1"),
    *_in_version("ESA121", 5, misplaced_up="channelInfo: x", number_key="1: x", null_key="null: x"),
    *_in_channel(
        "ESA142", 3, api_key="apiKey: a.b.c", hunter="password: hunter2", abc='token: "abc"', dashed="api-key: x"
    ),
    *_in_channel(
        "ESA123",
        3,
        yes="isPrimaryValue: yes",
        on="isPrimaryValue: on",
        big_true="isPrimaryValue: TRUE",
        zero="isPrimaryValue: 0",
    ),
    *_in_channel(
        "ESA123", 3, number_as_text="channelInfo: 12", bool_as_text="channelInfo: true", null_text="channelInfo: null"
    ),
    *_in_channel("ESA125", 3, long_name="channelInfo: " + "x" * 51, long_import_id="channelImportId: " + "x" * 256),
    *_in_channel("ESA125", 3, megabytes="channelDescription: " + "x" * (4 * MIB), empty_code='observationTypeCode: ""'),
    *_in_channel("ESA201", 3, interval="intervalMinutes: 7"),
    *_in_version("ESA124", 5, rule="observationRule: odometer", rule_id="observationRuleId: 3"),
    *_whole(
        "ESA127",
        2,
        digits_name="channels:\n  1042: {channelId: 1}\n",
        space_name="channels:\n  a b: {channelId: 1}\n",
        newline_name='channels:\n  "a\\nb": {channelId: 1}\n',
        newline_at_end='channels:\n  "north\\n": {channelId: 1}\n',
        command_name='channels:\n  "::error::x": {channelId: 1}\n',
        ansi_name='channels:\n  "a\\x20\\u202e": {channelId: 1}\n',
        dotted_start="channels:\n  .a: {channelId: 1}\n",
        unicode_digits="channels:\n  \u0661a: {channelId: 1}\n",
        parenthesis="channels:\n  a(b): {channelId: 1}\n",
    ),
    *_whole("ESA125", 2, long_channel_name="channels:\n  " + "a" * 65 + ": {channelId: 1}\n"),
    *_in_version(
        "ESA128",
        5,
        zulu="beginDate: 2024-07-01T00:00:00Z",
        offset_date="beginDate: 2024-07-01T00:00:00+02:00",
        american="beginDate: 07/01/2024",
        month="beginDate: 2024-13-01",
        leap="beginDate: 2023-02-29",
        hour="beginDate: 2024-07-01T24:00:00",
        newline_date='beginDate: "2024-07-01\\n"',
        arabic_digits='beginDate: "\u0662\u0660\u0662\u0664-07-01"',
        year_zero="beginDate: 0000-01-01",
    ),
    *_in_channel("ESA129", 3, unit_twice="esaChannelVersion: {unitCode: KWH, unitId: 1}"),
    *_in_channel("ESA129", 4, select_and_id="select: {channelId: 1}\nchannelId: 1"),
    *_whole("ESA122", 2, feed="feeds:\n  f: {channelId: 1}\n"),
]

CORPUS = [*BYTES, *SYNTAX, *STRICT, *NUMBERS, *SHAPES]
