import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recipes_notation import lines, read, script

from undersong.recipes import breath
from undersong.recipes.model import BreathPhase, ElasticPause, Utterance

EXAMPLE = """# Settling in

Let yourself arrive. [4s] There is nowhere else to be.

[breathe: in 4s, out 6s, times 2]

# The shore
[ambience: forest, over 8s]
Imagine (Qi)[sub:"chee"] … [pause] [bell]
"""


def test_the_example_of_the_design_reads_as_meant() -> None:
    assert lines(EXAMPLE) == [
        "# Settling in",
        "Let yourself arrive.",
        "[4s]",
        "There is nowhere else to be.",
        "~paragraph",
        "<in 4 Breathe in,>",
        "<out 6 and breathe out.>",
        "<in 4 In,>",
        "<out 6 and out.>",
        "# The shore",
        "[forest over 8]",
        "Imagine Qi …",
        "~pause",
        "[bell until 4, +0 dB]",
    ]


# a script, its pace, and its course
COURSES = [
    ("One. Two.", "natural", ["One.", "~sentence", "Two."]),
    ("One.\n\nTwo.", "natural", ["One.", "~paragraph", "Two."]),
    ("One.\nTwo.", "natural", ["One.", "~sentence", "Two."]),
    ("One\ngoes on.", "natural", ["One goes on."]),
    ("One.\n\n---\n\nTwo.", "natural", ["One.", "~section", "Two."]),
    ("One.\n***\nTwo.", "natural", ["One.", "~section", "Two."]),
    ("# A\n\nOne.\n\n## B ##\nTwo.", "natural", ["# A", "One.", "~section", "# B", "Two."]),
    ("# C#  too # \nOne.", "natural", ["# C# too", "One."]),
    ("# *A* day\nOne.", "natural", ["# A day", "One."]),
    ("- one\n- two\n  more\n\n+ three", "natural",
     ["one", "~sentence", "two more", "~paragraph", "three"]),
    ("Notice:\n1. one\n2) two", "natural", ["Notice:", "~sentence", "one", "~sentence", "two"]),
    ("1. one\n\n2. two\n\nText.\n\n2. Two.", "natural",
     ["one", "~paragraph", "two", "~paragraph", "Text.", "~paragraph", "2.", "~sentence", "Two."]),
    ("3. 2. 1. Rest.", "natural",
     ["3.", "~sentence", "2.", "~sentence", "1.", "~sentence", "Rest."]),
    ("- 3.5 waves\n1. 2.5 more\n- 2. no", "natural",
     ["3.5 waves", "~sentence", "2.5 more", "~sentence", "2.", "~sentence", "no"]),
    ("1. 2. Rest.", "natural", ["1.", "~sentence", "2.", "~sentence", "Rest."]),
    ("> One.\n> Two.\n\nThree.", "natural", ["One.", "~sentence", "Two.", "~paragraph", "Three."]),
    ("> > One.\n> Two.\nThree.", "natural", ["One.", "~paragraph", "Two.", "~paragraph", "Three."]),
    (">\n> One.", "natural", ["One."]),
    ("One <!-- not\n\nsaid --> more.", "natural", ["One more."]),
    ("One\n<!-- not said -->\nmore.", "natural", ["One more."]),
    ("<!-- # no -->\n# A\nOne.", "natural", ["# A", "One."]),
    (r"One \[4s\] \*two\* \(x\)\[y\] \# \<!-- z.", "natural", ["One [4s] *two* (x)[y] # <!-- z."]),
    ("One (like this) and (that) too.", "natural", ["One (like this) and (that) too."]),
    ("One (softly)[2s] two.", "natural", ["One (softly)", "[2s]", "two."]),
    ("One :-) (two", "natural", ["One :-) (two"]),
    ("One – two - three -- four.", "natural", ["One – two - three -- four."]),
    ("5 * 3 snake_case 2*3 **", "natural", ["5 * 3 snake_case 2*3 **"]),
    ("One 🌊 two & three.", "natural", ["One 🌊 two & three."]),
    ("– One. 🌊\n\n“Two”…", "natural", ["– One. 🌊", "~paragraph", "“Two”…"]),
    # explicit pauses replace what is implied, and add up among themselves
    ("One. [2s] Two.", "natural", ["One.", "[2s]", "Two."]),
    ("One.\n\n[2s] [500ms]\n\n[pause] Two.", "natural",
     ["One.", "[2s]", "[0.5s]", "~pause", "Two."]),
    ("One [2s] two.", "natural", ["One", "[2s]", "two."]),
    ("One.[2s]Two [0s].", "natural", ["One.", "[2s]", "Two .", "[0s]"]),
    ("One. [2s]\n\n# A\nTwo.", "natural", ["One.", "[2s]", "# A", "Two."]),
    ('One [break:"1m30s"] [break: 3:00] two.', "natural", ["One", "[90s]", "[180s]", "two."]),
    ("One [pause: long] [pause: 2] [pause:0.5] [PAUSE] two.", "natural",
     ["One", "~long", "~pause x2", "~pause x1/2", "~pause", "two."]),
    ("[2s] One. [3s]", "natural", ["[2s]", "One.", "[3s]"]),
    # scenes and sounds
    ("One.\n\n[ambience: none]\n\nTwo.", "natural",
     ["One.", "~paragraph", "[None over 6]", "Two."]),
    ("One [bed: -6 dB, over 8s] two.", "natural",
     ["One", "~comma x1/10", "[bed -6 dB over 8]", "two."]),
    ("One.\n\n[bed: silence, over 20s]\n\n[bed: +3 dB] Two.", "natural",
     ["One.", "~paragraph", "[bed -60 dB over 20]", "[bed +3 dB over 4]", "Two."]),
    ("One [ambience: waves] two.", "natural", ["One", "~comma x1/10", "[waves over 6]", "two."]),
    ("One.\n\n# A\n[ambience: waves]\nTwo.", "natural",
     ["One.", "~section", "# A", "[waves over 6]", "Two."]),
    ("[bell] One. [bell: hold 6s, gain -6 dB] Two. [bell]", "natural",
     ["[bell until 4, +0 dB]", "One.", "~sentence", "[bell until 6, -6 dB]", "Two.", "~sentence",
      "[bell until 4, +0 dB]"]),
    ('One ![“gong.wav”, hold 0s] two. !["bell", gain: +3dB]\n\nThree.', "natural",
     ["One", "~comma x1/10", "[gong.wav until 0, +0 dB]", "two.", "~sentence",
      "[bell until end, +3 dB]", "Three."]),
    ("One. [bell: hold 0s]\n\nTwo.", "natural",
     ["One.", "~sentence", "[bell until 0, +0 dB]", "~paragraph", "Two."]),
    ("Breathe out![4s] Rest.", "natural", ["Breathe out!", "[4s]", "Rest."]),
    # breaths replace what is implied beside them
    ("One.\n\n[breathe: out 6s, in 4s, hold 2s, rest 1s, say first, times 2]\n\nTwo.", "natural",
     ["One.", "~paragraph", "<in 4 Breathe in,>", "<hold 2 Hold,>", "<out 6 and breathe out.>",
      "<rest 1>",
      "<in 4>", "<hold 2>", "<out 6>", "<rest 1>", "Two."]),
    ("[breathe: say none] One.", "natural", ["<in 4>", "<out 6>", "One."]),
    ("One. [breathe] Two.", "natural",
     ["One.", "~sentence", "<in 4 Breathe in,>", "<out 6 and breathe out.>", "Two."]),
    ("One. [3s] [breathe: say none]", "natural", ["One.", "[3s]", "<in 4>", "<out 6>"]),
    # commas belong to calm paces
    ("Let the waves come in, and let them go.", "natural",
     ["Let the waves come in, and let them go."]),
    ("Let the waves come in, and let them go.", "calm",
     ["Let the waves come in,", "~comma", "and let them go."]),
    ("Now; rest: the sea—calm … so – wide.", "sleep",
     ["Now;", "~comma", "rest:", "~comma", "the sea—", "~comma", "calm …", "~comma", "so –",
      "~comma", "wide."]),
    (f"{'word ' * 20}and {'word ' * 19}end.", "brisk",
     [f"{'word ' * 20}".strip(), "~comma x1/3", f"and {'word ' * 19}end."]),
    # what rules a whole utterance makes one
    ('Go (slowly now)[rate:"slow"] on.', "natural",
     ["Go", "~comma x1/10", "slowly now", "~comma x1/10", "on."]),
    ('Go (slowly now)[rate:"slow"] on.', "calm",
     ["Go", "~comma x1/4", "slowly now", "~comma x1/4", "on."]),
    ('“(Bonjour)[lang:"fr"],” she said.', "natural", ["“Bonjour,”", "~comma x1/10", "she said."]),
    ('(One. Two.)[voice:"ember"] Three.', "natural",
     ["One.", "~sentence", "Two.", "~sentence", "Three."]),
    ('(Wait [2s] here)[rate:"90%"].', "natural", ["Wait", "[2s]", "here."]),
    ("今天很好。明天呢？好，来吧！", "natural",
     ["今天很好。", "~sentence", "明天呢？", "~sentence", "好， 来吧！"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pace", "expected"), COURSES, ids=[c[0][:40] for c in COURSES])
def test_a_script_becomes_its_course(text: str, pace: str, expected: list[str]) -> None:
    assert lines(text, pace=pace) == expected


def test_spans_say_words_otherwise() -> None:
    found = script(
        'See (New York)[sub:"the big apple"], (Qi)[/tʃiː/] or (pecan)[ipa:"pɪˈkɑːn"; '
        'emphasis:"reduced"], **so** *very* __much__ _more_ ***now*** (yes)[emphasis].'
    )
    assert [
        (word.text, word.sub, word.ipa, word.emphasis)
        for word in found.utterances[0].words
        if (word.sub, word.ipa, word.emphasis) != (None, None, None)
    ] == [
        ("New", "the big apple", None, None),
        ("York,", "", None, None),
        ("Qi", None, "tʃiː", None),
        ("pecan,", None, "pɪˈkɑːn", "reduced"),
        ("so", None, None, "strong"),
        ("very", None, None, "moderate"),
        ("much", None, None, "strong"),
        ("more", None, None, "moderate"),
        ("now", None, None, "strong"),
        ("yes.", None, None, "moderate"),
    ]


def test_emphasis_holds_marks_and_other_emphasis() -> None:
    found = script('**Rest *now* [2s] and (Qi)[sub:"*chee*"]** *un*believable *a **b** c*')
    words = [word for said in found.utterances for word in said.words]
    assert [(word.text, word.emphasis) for word in words] == [
        ("Rest", "strong"),
        ("now", "moderate"),
        ("and", "strong"),
        ("Qi", "strong"),
        ("unbelievable", "moderate"),
        ("a", "moderate"),
        ("b", "strong"),
        ("c", "moderate"),
    ]
    assert words[3].sub == "*chee*"


def test_rate_language_and_voice_belong_to_utterances() -> None:
    found = script(
        'One (two)[rate:"x-fast"; lang:"de-de"] (three)[voice: ember] (four)[rate:"150%"].',
        language="en-GB",
    )
    assert [(u.text, u.rate, u.language, u.voice) for u in found.utterances] == [
        ("One", 1.0, "en-GB", None),
        ("two", 1.4, "de-DE", None),
        ("three", 1.0, "en-GB", "ember"),
        ("four.", 1.5, "en-GB", None),
    ]


def test_a_substitute_is_never_parted() -> None:
    found = script('(St. Ives. Bay; more, and more, and more)[sub:"home"] there.', pace="calm")
    assert [said.text for said in found.utterances] == [
        "St. Ives. Bay; more, and more, and more there."
    ]
    symbol = script('I (♥)[sub:"love"] you.').utterances[0].words[1]
    assert (symbol.text, symbol.sub) == ("♥", "love")


def test_utterances_are_counted_with_those_in_breaths() -> None:
    found = script("One. [breathe: times 2] Two.")
    assert [said.index for said in found.utterances] == list(range(6))
    assert [said.text for said in found.utterances][-1] == "Two."


def test_breaths_stand_where_their_phases_are_written() -> None:
    phases = [
        c for c in script("One.\n[breathe: out: 6s, times 2]").cues if isinstance(c, BreathPhase)
    ]
    assert [(p.name, p.cycle, p.position.column) for p in phases] == [
        ("in", 1, 1),
        ("out", 1, 11),
        ("in", 2, 1),
        ("out", 2, 11),
    ]
    assert phases[1].utterance is not None
    assert phases[1].utterance.position == phases[1].position


@pytest.mark.parametrize("language", breath._WORDS)
def test_every_language_of_breaths_speaks_its_phases(language: str) -> None:
    found = script("[breathe: hold 2s, times 2]", language=f"{language}-XX")
    said = [phase.utterance for phase in found.cues if isinstance(phase, BreathPhase)]
    assert [bool(words) for words in said] == [True, True, True, True, False, True]
    assert {words.language for words in said if words} == {f"{language}-XX"}


def test_other_languages_breathe_in_english() -> None:
    said = script("息。[breathe]", language="ja-JP").utterances
    assert [(u.text, u.language) for u in said] == [
        ("息。", "ja-JP"),
        ("Breathe in,", "en-US"),
        ("and breathe out.", "en-US"),
    ]


def test_places_count_from_the_top_of_the_file() -> None:
    text = '# A\n\n> - *One* (Qi)[sub:"chee"], two.\r\n[4s]\n'
    found = script(text)
    words = found.utterances[0].words
    assert [(w.position.line, w.position.column) for w in words] == [(3, 6), (3, 12), (3, 29)]
    pause = found.cues[-1]
    assert (pause.position.line, pause.position.column) == (4, 1)


PROSE = st.lists(
    st.tuples(
        st.sampled_from(
            ["rest", "Sea,", "calm.", "Dr.", "“go”", "3.5", "you;", "—", "wait…", "now?", "é",
             "海。风", "&"]
        ),
        st.sampled_from(
            ["", "*{}*", "**{}**", '({})[rate:"slow"]', '({})[sub:"x"]', "({})", "{}[2s]",
             "[pause] {}",
             "{} <!-- no -->", "{} ![“bell”]", '({})[lang:"de"; emphasis:"strong"]']
        ),
        st.sampled_from([" ", " ", "\n", "\n\n", "\n- ", "\n> ", "\n\n# Title\n\n",
                         "\n---\n", "\t"]),
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip


@settings(deadline=None)  # a shared machine may be slow
@given(PROSE, st.sampled_from(["calm", "natural"]))
def test_no_word_is_lost_and_every_word_stands_where_it_says(
    parts: list[tuple[str, str, str]], pace: str
) -> None:
    text = "start" + "".join(f"{gap}{style.format(word) or word}" for word, style, gap in parts)
    found, faults = read(text, pace=pace)
    written = "start" + "".join(
        f"({word})" if style == "({})" else word for word, style, _ in parts
    )
    said = "".join(word.text for u in found.utterances for word in u.words)
    if not faults:
        assert said.replace(" ", "") == written
    rows = text.split("\n")
    for utterance in found.utterances:
        for word in utterance.words:
            assert rows[word.position.line - 1][word.position.column - 1] == word.text[0]
        assert utterance.position == utterance.words[0].position


@settings(deadline=None)  # a shared machine may be slow
@given(PROSE)
def test_at_any_place_there_is_one_pause(parts: list[tuple[str, str, str]]) -> None:
    text = "start" + "".join(f"{gap}{style.format(word) or word}" for word, style, gap in parts)
    cues = read(text)[0].cues
    implied = [
        k
        for k, cue in enumerate(cues)
        if isinstance(cue, ElasticPause) and cue.kind not in {"pause", "long"}
    ]
    said = [k for k, cue in enumerate(cues) if isinstance(cue, Utterance)]
    assert all(said[0] < k for k in implied)
    for start, end in pairwise(said):
        inside = [k for k in implied if start < k < end]
        cue_names = {type(cue).__name__ for cue in cues[start:end]}
        assert len(inside) <= (1 if "SoundCue" not in cue_names else 30)
        if "Pause" in cue_names and "SoundCue" not in cue_names:
            assert not inside


@settings(deadline=None)  # a shared machine may be slow
@given(st.text(alphabet='ab .,[]()*_!"<>-#/\\:;\n4s{}`|', max_size=60))
def test_no_script_however_odd_breaks_the_reader(text: str) -> None:
    found, faults = read(text)
    assert found.utterances or faults
    rows = [*text.split("\n"), ""]
    for fault in faults:
        assert fault.line is not None
        assert fault.column is not None
        assert 1 <= fault.column <= len(rows[fault.line - 1]) + 1


def test_weights_are_exact() -> None:
    pauses = [c for c in script("a [pause: 0.1] b").cues if isinstance(c, ElasticPause)]
    assert pauses[0].weight == Fraction(1, 10)


def test_reading_scripts_needs_neither_pydantic_nor_yaml_nor_numpy() -> None:
    program = (
        "import sys, undersong.recipes.script, undersong.recipes.pace, undersong.recipes.profiles\n"
        "print(*[m for m in ('pydantic', 'ruamel.yaml', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
