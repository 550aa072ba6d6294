"""`cached_property`: found once, and without a lock that a fork could find held."""

from __future__ import annotations

from newsindex.forks import cached_property


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    @cached_property
    def value(self) -> int:
        """The calls so far."""
        self.calls += 1
        return self.calls


def test_a_value_is_found_once_for_each_object() -> None:
    one, other = Counted(), Counted()
    assert [one.value, one.value, other.value, one.calls] == [1, 1, 1, 1]
    del one.value
    assert one.value == 2


def test_the_class_has_the_property_itself() -> None:
    assert Counted.value is Counted.__dict__["value"]
    assert Counted.value.__doc__ == "The calls so far."
