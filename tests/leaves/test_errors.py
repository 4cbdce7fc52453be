from undersong import errors
from undersong.errors import Fault, FaultsError, UndersongError, UnknownNameError, nearest


def test_a_fault_says_place_value_range_and_nearest_name():
    fault = Fault(
        file="a.md",
        line=4,
        column=9,
        message="unknown pace",
        seen="slep",
        legal="calm, sleep",
        nearest="sleep",
    )
    assert str(fault) == (
        "a.md:4:9: unknown pace (seen: slep); legal: calm, sleep; did you mean `sleep`?"
    )


def test_a_fault_of_a_whole_file_has_no_line():
    assert str(Fault(file="a.md", message="is empty")) == "a.md: is empty"


def test_all_faults_are_reported_at_once():
    error = FaultsError([Fault(file="a", message="x"), Fault(file="b", message="y")])
    assert str(error) == "a: x\nb: y"
    assert len(error.faults) == 2


def test_an_unknown_name_offers_the_nearest_and_lists_the_known():
    error = UnknownNameError("voice", "shor", ["shore", "meadow"])
    assert error.message == "no voice called `shor`"
    assert error.hint == "did you mean `shore`? known: meadow, shore"


def test_an_unknown_name_among_none_says_so():
    assert UnknownNameError("voice", "shor", []).hint == "there is no voice here yet"


def test_nothing_near_is_not_offered():
    assert nearest("waves", ["forest", "breeze"]) is None


def test_each_kind_of_failure_has_its_own_exit_code():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, UndersongError)
        and kind is not UndersongError
    ]
    assert {kind.exit_code for kind in kinds} == {2, 3, 4, 5, 6, 7, 8, 9}


def test_a_failure_is_told_to_machines_with_its_kind_and_exit_code():
    error = UnknownNameError("voice", "shor", ["shore"])
    assert error.as_json() == {
        "error": {
            "kind": "unknown name",
            "message": "no voice called `shor`",
            "hint": "did you mean `shore`? known: shore",
            "exit_code": 3,
        }
    }


def test_faults_are_told_to_machines_with_all_their_fields():
    fault = {"file": "a", "line": 1, "column": None, "message": "x"}
    (told,) = FaultsError([Fault(file="a", line=1, message="x")]).as_json()["faults"]
    assert told == {**fault, "seen": None, "legal": None, "nearest": None}
