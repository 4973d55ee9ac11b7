"""登录: a person shows a password and gets a session; 退出 ends it.

A wrong password must be counted although it is a "no", so `sign_in` returns its refusals instead of
raising them: the unit commits, and the door raises what it got.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.actions.passwords import Passwords, hashed, new_token
from server.domain import refusals
from server.domain.catalogue import Person
from server.domain.passwords import LEAST, MOST, check_password
from server.domain.refusals import Refusal
from server.domain.sessions import LOCKED_FOR, Session
from server.settings import HallSettings
from server.store.people import Account, find_account, save_account, set_password
from server.store.sessions import add_session, end_session, end_sessions_of
from server.store.unit import Unit


@dataclass(frozen=True)
class Attempt:
    """A password that was looked at before the transaction: `seen` is the account it was compared with."""

    seen: Account | None
    right: bool
    new_hash: str | None = None


@dataclass(frozen=True)
class SignedIn:
    """`token` goes into the cookie and is nowhere else."""

    token: str
    session: Session


def own_words(hall: HallSettings, person: Person) -> list[str]:
    """What a password of `person` may not be made of: the hall's names and numbers, and the person's."""
    centre = hall.hall.centre
    words = [
        centre.name,
        centre.name_en,
        centre.region_name,
        centre.region_code,
        centre.hotline,
        centre.address,
    ]
    words += [part for part in centre.name_en.split() if len(part) > 3]
    return [w for w in (*words, person.id, person.name, person.badge) if w]


def look(
    passwords: Passwords,
    hall: HallSettings,
    person: Person | None,
    account: Account | None,
    password: str,
    new_password: str | None,
) -> Attempt:
    """Compare and, when a right password comes with a new one, hash that. Raises PasswordWeak."""
    right = passwords.verify(account.password if account else None, password)
    if not right or new_password is None or person is None:
        return Attempt(account, right)
    if new_password == password:
        raise refusals.PasswordWeak(reason="same", least=LEAST, most=MOST)
    check_password(new_password, own_words(hall, person))
    return Attempt(account, right, passwords.hash(new_password))


def sign_in(unit: Unit, hall: HallSettings, attempt: Attempt, old_token: str | None) -> SignedIn | Refusal:
    """A new session for the unit's actor, or the refusal: LoginLocked, LoginFailed, PasswordChangeNeeded.

    `old_token` (the cookie that came along) is ended, so nobody goes on under a session known before. A
    new password ends all other sessions of the person.
    """
    person = unit.actor.id
    account = find_account(unit.connection, unit.hall, person)
    known = hall.catalogue.people.get(person)
    if account is None or attempt.seen is None or (known is not None and known.left):
        unit.note("session.open", f"person:{person}", "refused", why="unknown")
        return refusals.LoginFailed()
    if account.failed.is_locked(unit.now):
        return _locked(unit, "locked")
    if not attempt.right or account.disabled or account.password != attempt.seen.password:
        return _failed(unit, account, hall.hall.privacy.failed_login_lock)
    if account.one_time and attempt.new_hash is None:
        return refusals.PasswordChangeNeeded()
    if attempt.new_hash is not None:
        set_password(unit, person, attempt.new_hash, one_time=False)
        end_sessions_of(unit, person)
        unit.note("password.change", f"person:{person}")
    else:
        save_account(unit, person, failures=0, locked_until=None)
    if old_token:
        end_session(unit, hashed(old_token))
    return begin_session(unit, person)


def begin_session(unit: Unit, person: str) -> SignedIn:
    """A session with a fresh token and CSRF token."""
    token = new_token()
    session = add_session(unit, hashed(token), person, new_token())
    unit.note("session.open", f"person:{person}")
    return SignedIn(token, session)


def sign_out(unit: Unit, token_hash: str) -> None:
    end_session(unit, token_hash)
    unit.note("session.close", f"person:{unit.actor.id}")


def _failed(unit: Unit, account: Account, allowed: int) -> Refusal:
    failed = account.failed.one_more(unit.now, allowed)
    save_account(unit, account.id, failures=failed.count, locked_until=failed.locked_until)
    unit.note("session.open", f"person:{account.id}", "refused", failures=account.failures + 1)
    return _locked(unit, "lock") if failed.locked_until else refusals.LoginFailed()


def _locked(unit: Unit, why: str) -> Refusal:
    unit.note("session.open", f"person:{unit.actor.id}", "refused", why=why)
    return refusals.LoginLocked(minutes=int(LOCKED_FOR.total_seconds() // 60))
