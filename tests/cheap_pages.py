"""Applications that cost a test little: routes, templates and forms are made once, hashes are weak.

Each test of the pages has an application of its own. Compiling took most of its time, and a
password's hash takes as long as twenty pages.
"""

from __future__ import annotations

from types import CodeType

import pytest
from flask import Flask
from flask_admin.model import BaseModelView
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.datastructures import ImmutableDict
from werkzeug.routing import Rule

#: What `Rule.compile` makes of a rule, apart from the functions that it binds to it.
_PARSED = ("_parts", "_trace", "_converters", "arguments")
_BUILDERS = ("_build", "_build_unknown")


def compile_routes_once(patch: pytest.MonkeyPatch) -> None:
    """Compile a rule once. What comes of it follows from the key; one with defaults is left alone.

    The converters keep the map that they were made for, and none of them looks at it.
    """
    compile_one = Rule.compile
    known: dict[tuple[object, ...], dict[str, object]] = {}

    def compile_rule(rule: Rule) -> None:
        if rule.defaults or rule.map.host_matching:
            compile_one(rule)
            return
        key = (type(rule), rule.rule, rule.subdomain, rule.merge_slashes)
        if key not in known:
            compile_one(rule)
            known[key] = {name: getattr(rule, name) for name in _PARSED} | {
                name: getattr(rule, name).__func__ for name in _BUILDERS
            }
        for name in _PARSED:
            setattr(rule, name, known[key][name])
        for name in _BUILDERS:
            setattr(rule, name, known[key][name].__get__(rule, None))

    patch.setattr(Rule, "compile", compile_rule)


class _Kept(BytecodeCache):
    """The code of templates, by name, file and text."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


def compile_templates_once(patch: pytest.MonkeyPatch) -> None:
    """Compile a template once. All applications of the product have the same filters and options."""
    patch.setattr(Flask, "jinja_options", Flask.jinja_options | {"bytecode_cache": _Kept()})


def make_forms_once(patch: pytest.MonkeyPatch) -> None:
    """Make the forms of a view once: they are classes, and follow from the class of the view.

    What they ask, they ask through the session of all applications.
    """
    make = BaseModelView._refresh_forms_cache
    known: dict[type[BaseModelView], dict[str, object]] = {}

    def make_forms(view: BaseModelView) -> None:
        kind, before = type(view), dict(vars(view))
        if kind not in known:
            make(view)
            known[kind] = {name: vars(view)[name] for name in vars(view).keys() - before.keys()}
        vars(view).update(known[kind])

    patch.setattr(BaseModelView, "_refresh_forms_cache", make_forms)


def hash_passwords_quickly(patch: pytest.MonkeyPatch) -> None:
    """Hash with little work in every application of this process: no test guesses a password."""
    little = {"argon2__time_cost": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1}
    chosen = {"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": little}
    patch.setattr(Flask, "default_config", ImmutableDict(Flask.default_config | chosen))
