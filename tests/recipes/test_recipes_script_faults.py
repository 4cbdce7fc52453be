import pytest
from recipes_notation import faults, read

NONE_SAID = "1:1 nothing is said in this script"

# a script, and place and words of every fault that it holds
BAD = [
    ("", ["1:1 the script is empty"]),
    ("\n \n", ["1:1 the script is empty"]),
    ("[4s]", [NONE_SAID]),
    ("\n  [bell]", ["2:3 nothing is said in this script"]),
    ("<!-- only -->", ["1:1 the script is empty"]),
    ("One <!-- two", ["1:5 this comment is never closed"]),
    ("One.\n\n 🌊 …", ["3:2 no voice can say this"]),
    ("One [2s two.", ["1:5 this mark, or a quote in it, is never closed"]),
    ('One (two)[sub:"x two.', ["1:10 this mark, or a quote in it, is never closed"]),
    ('One ["x" ![“x two.', [
        "1:5 this mark, or a quote in it, is never closed",
        "1:10 this mark, or a quote in it, is never closed",
    ]),
    ("One ] two.", ["1:5 this bracket closes nothing"]),
    ('One two)[sub:"x"].', ["1:9 this mark follows text in parentheses"]),
    ('One (two[sub:"x"].', ["1:9 this mark follows text in parentheses"]),
    ("One [/x/] two.", ["1:5 this mark follows text in parentheses"]),
    ("One [] [ ] two.", ["1:5 an empty mark", "1:8 an empty mark"]),
    ("One [paus] two.", ["1:5 unknown mark"]),
    ("One [^1] two.", ["1:5 unknown mark"]),
    ("One [-4s] [−4s] two.", ["1:6 a time cannot be negative", "1:12 a time cannot be negative"]),
    ("One [40m] [1:00:00] two.", [
        "1:6 this time is out of range", "1:12 this time is out of range"]),
    ("One [99999999999999999999999999999999999999999999999h] two.", [
        "1:6 this time is out of range"]),
    ("One [4x] [4] two.", ["1:6 this is not a time", "1:11 a pause needs its unit"]),
    ("One [break] [break: x] two.", ["1:5 a break holds one time", "1:21 this is not a time"]),
    ("One [pause: 4s] [pause: 0] [pause: long, 2] two.", [
        "1:13 this is not a weight",
        "1:25 this is out of range for a weight",
        "1:42 a pause holds one thing",
    ]),
    ("One [breathe: in 13s, hold 21s, out 21s, rest 21s, times 61, say maybe] two.", [
        "1:18 this time is out of range",
        "1:28 this time is out of range",
        "1:37 this time is out of range",
        "1:47 this time is out of range",
        "1:58 this is out of range for a number of breaths",
        "1:66 there is no way of saying of this name",
    ]),
    ("One [breathe: in, times 2.5, in 4s, ni 4s, 4-7-8] two.", [
        "1:15 there is no value here",
        "1:25 this is not a whole number",
        "1:30 `in` is here twice",
        "1:37 unknown part of a mark",
        "1:44 unknown part of a mark",
    ]),
    ("One [bed] [bed: quiet] [bed: -50 dB, over 3h] two.", [
        "1:5 a level of the bed needs its change",
        "1:17 this is not a change of level",
        "1:30 this is out of range for a change of level",
        "1:43 this time is out of range",
    ]),
    ("One [ambience] [ambience: forrest, over -2s, x] two.", [
        "1:5 a change of scene needs a name",
        "1:27 there is no ambience of this name",
        "1:41 a time cannot be negative",
        "1:46 unknown part of a mark",
    ]),
    ('One [bell: gain 30 dB, hold 11m] !["gog", hold x] two.', [
        "1:17 this is out of range for a gain",
        "1:29 this time is out of range",
        "1:36 there is no sound of this name",
        "1:48 this is not a time",
    ]),
    ('One ![“”] [break:"2s] two.', [
        "1:7 there is no value here", "1:18 this quote is never closed"]),
    ("One [text](http://x) ![alt](x.png) two.", [
        "1:5 links cannot be spoken", "1:23 links cannot be spoken"]),
    ("One `code` <b>two</b>.", [
        "1:5 code cannot be spoken", "1:10 code cannot be spoken",
        "1:12 tags cannot be spoken", "1:18 tags cannot be spoken",
    ]),
    ("One *two three _four.", [
        "1:5 this emphasis is never closed", "1:16 this emphasis is never closed"]),
    ("One *two *three.", [
        "1:5 this emphasis is never closed", "1:10 this emphasis is never closed"]),
    ('One ()[sub:"x"] two.', ["1:5 there are no words in these parentheses"]),
    ('(a)[] (a)[sbu:"x"] (a)[sub] (a)[sub:"…"] (a)[sub:"x"; sub:"y"] (a)[sub:"x"; /y/]', [
        "1:4 an empty mark",
        "1:11 unknown mark",
        "1:24 there is no value here",
        "1:33 this substitute has no words",
        "1:55 `sub` is here twice",
        "1:77 words have a substitute or a pronunciation, not both",
    ]),
    ('(a (b)[rate:"slow"])[sub:"x"] two.', [
        "1:7 these words are within a substitute or pronunciation already"]),
    (('(a)[rate:"slw"] (a)[rate:"49%"] (a)[rate:2] (a)[emphasis:"strng"] (a)[lang:"deutsch"] '
     '(a)[voice:"shor"]'), [
        "1:5 this is not a rate",
        "1:21 this is out of range for a rate",
        "1:37 this is not a rate",
        "1:49 there is no emphasis of this name",
        "1:71 this is not a language tag",
        "1:91 there is no voice of this name",
    ]),
    ('(Qi)[sub:"chee"]gong two.', ["1:17 a mark covers only a part of this word"]),
    ('(New [2s] York)[sub:"home"].', ["1:6 this mark stands within a substitute or pronunciation"]),
    ("#\n\nOne.", ["1:1 this heading has no title"]),
    ("#Title\n\nOne.", ["1:1 a heading needs a space after `#`"]),
    ("One.\n\n####### Title", ["3:1 a heading has one to six `#`"]),
    ("Title\n=====\n\nOne.", ["2:1 an underlined heading; write `# Title`"]),
    ("```\nOne.\n```", ["1:1 code cannot be spoken", "3:1 code cannot be spoken"]),
    ("| One |", ["1:1 tables cannot be spoken"]),
    ("# A\n\n# B\n\nOne.\n\n# C\n[ambience: none]", [
        "1:3 nothing comes after this heading", "7:3 nothing comes after this heading"]),
    ("# A [4s]\n\nOne.", ["1:5 a heading holds no marks"]),
    ("# 🌊\n\nOne.", ["1:3 no voice can say this"]),
    ("# A\n\n[paus]\n\n# B\n\nOne.", ["3:1 unknown mark"]),
    ("(" * 30 + "a" + ')[rate:"slow"]' * 30, ["1:21 marks are nested too deep"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[text[:40] for text, _ in BAD])
def test_bad_scripts_give_every_fault_with_its_place(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a [paus]", "did you mean `pause`?"),
        ("a [paus]", "(seen: [paus])"),
        ('a (b)[sbu:"x"]', "did you mean `sub`?"),
        ("a [ambience: forrest]", "legal: forest, waves, none; did you mean `forest`?"),
        ("a [breathe: owt 2s]", "legal: in, hold, out, rest, times, say; did you mean `out`?"),
        ("a [breathe: in 40s]", "(seen: 40s); legal: 1s to 12s"),
        ("a [40m]", "(seen: 40m); legal: 0s to 30m"),
        ("a [90]", "(seen: 90); legal: [90s]"),
        ('a (b)[rate:"slw"]', "legal: x-slow, slow, medium, fast, x-fast, or 50% to 200%"),
        ("a [pause: 4s]", "[4s] is an exact pause"),
        ("a [bell: gain x]", "(seen: x); legal: -40 to 12 dB"),
        ("a ![“gong”]", "did you mean `gong.wav`?"),
        ('a [sub:"x"]', 'legal: (text)[sub:"…"]'),
        ("a [/x/]", "legal: (text)[/ipa/]"),
        ("a <break time='2s'/>", "legal: marks such as [2s]"),
    ],
)  # fmt: skip
def test_faults_say_what_was_seen_what_is_legal_and_what_is_near(text: str, words: str) -> None:
    assert words in str(read(text)[1][0])
