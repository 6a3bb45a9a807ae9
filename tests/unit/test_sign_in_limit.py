"""How many failed sign-ins are allowed, and what somebody is told who had more."""

from admin.access.sign_in_limit import LOST_PASSWORD, SIGN_IN, advice


def test_who_is_refused_is_told_the_minutes_that_are_begun():
    assert advice(1) == advice(60) == "Too many attempts. Try again in 1 minute."
    assert advice(61) == advice(120) == "Too many attempts. Try again in 2 minutes."
    assert advice(900) == "Too many attempts. Try again in 15 minutes."


def test_an_address_has_more_tries_than_an_account_and_lost_passwords_are_counted_apart():
    assert (SIGN_IN.per_account, SIGN_IN.per_address) == (10, 100)
    assert (LOST_PASSWORD.per_account, LOST_PASSWORD.per_address) == (3, 20)
    assert SIGN_IN.prefix != LOST_PASSWORD.prefix
