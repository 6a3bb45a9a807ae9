"""How many imports a reader follows at most, from the top of a package down."""

import functools

import grimp
import pytest

GRAPH = grimp.build_graph("admin", "sync", "walkthroughs", cache_dir=None)


@functools.cache
def longest_chain(module, package):
    """Return the most modules of *package* that import one another in a row, from *module* on."""
    below = [
        name
        for name in GRAPH.find_modules_directly_imported_by(module)
        if name.split(".")[0] == package
    ]
    chains = [longest_chain(name, package) for name in below]
    return (module, *max(chains, key=len, default=()))


@pytest.mark.parametrize(
    ("package", "most_imports"), [("admin", 5), ("sync", 7), ("walkthroughs", 8)]
)
def test_a_chain_of_imports_is_short(package, most_imports):
    modules = [name for name in GRAPH.modules if name.split(".")[0] == package]
    chain = max((longest_chain(name, package) for name in modules), key=len)

    assert len(chain) - 1 <= most_imports, chain


def test_what_makes_traces_is_loaded_by_the_composition_root_alone():
    """It loads for half a second, and most installations send no traces."""
    run = grimp.build_graph(
        "admin", "sync", "walkthroughs",
        include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None,
    )  # fmt: skip
    traces = "walkthroughs.serving.traces"

    assert run.find_modules_that_directly_import(traces) == set()
    assert run.find_modules_that_directly_import("opentelemetry") == {traces}
