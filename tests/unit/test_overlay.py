"""Overlays: what merges and what replaces, removals, problems where they stand, all hosts at once."""

from __future__ import annotations

import pytest

from reconciler import registry
from reconciler.model.problem import Invalid, Problem
from reconciler.model.resource import File, Loaded, Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import load, load_all
from tests.support.house import House

LAPTOP = "hosts/laptop"


def tree(git: dict[str, str]) -> Tree:
    sources = (Source(f"desired-state/{path}", File(text.encode())) for path, text in sorted(git.items()))
    return Tree(Revision("commit", "3f2c1ab"), tuple(sources))


def loaded(git: dict[str, str], host: str = "laptop") -> Loaded:
    return load(tree(git), registry.KINDS, registry.PENDING, host)


def refused(git: dict[str, str], host: str = "laptop") -> list[str]:
    with pytest.raises(Invalid) as caught:
        loaded(git, host)
    return [told(problem) for problem in caught.value.problems]


def told(problem: Problem) -> str:
    return f"{problem.origin}: {problem.text}".removeprefix("desired-state/")


def text(git: dict[str, str], ref: str) -> str:
    """The first source of a resource, as the laptop has it."""
    resource = next(r for r in loaded(git).resources if str(r.ref) == ref)
    return resource.sources[0].file.content.decode()


def test_front_matter_keeps_its_comments_and_its_order() -> None:
    git = {
        "agents/a.md": "---\n# who\nmode: all  # both\nmodel: x/y\n---\nBody.\n",
        f"{LAPTOP}/agents/a.md": "---\nmode: primary\nhidden: true\nmodel: !remove\n---\n",
    }
    assert text(git, "agent/a") == "---\n# who\nmode: primary  # both\nhidden: true\n---\nBody.\n"


def test_a_text_replaces_and_leaves_the_front_matter_as_it_is() -> None:
    git = {"agents/a.md": "---\nmode:   all\n---\nBody.\n", f"{LAPTOP}/agents/a.md": "Mine.\n"}
    assert text(git, "agent/a") == "---\nmode:   all\n---\nMine.\n"


def test_front_matter_where_there_was_none() -> None:
    git = {"agents/a.md": "Body.\n", f"{LAPTOP}/agents/a.md": "---\nmode: all\n---\n"}
    assert text(git, "agent/a") == "---\nmode: all\n---\nBody.\n"


def test_line_ends_stay() -> None:
    git = {"agents/a.md": "---\r\nmode: all\r\n---\r\nBody.\r\n", f"{LAPTOP}/agents/a.yaml": "mode: primary\n"}
    assert text(git, "agent/a") == "---\r\nmode: primary\r\n---\r\nBody.\r\n"


@pytest.mark.parametrize("above", ["a.yaml", "a.md"])
@pytest.mark.parametrize("below", ["a.yaml", "a.md"])
def test_markdown_and_yaml_go_over_each_other(below: str, above: str) -> None:
    said = {"a.yaml": "mode: {}\nprompt: |\n  {}\n", "a.md": "---\nmode: {}\n---\n{}\n"}
    git = {
        f"agents/{below}": said[below].replace("{}", "all", 1).replace("{}", "Old."),
        f"{LAPTOP}/agents/{above}": said[above].replace("{}", "primary", 1).replace("{}", "New."),
    }
    resource = loaded(git).resources[0]
    assert resource.spec.file.content == b"---\nmode: primary\n---\nNew.\n"


@pytest.mark.parametrize("path", ["agents/a.md", "agents/a.yaml", "agents/a.yml"])
def test_a_file_of_only_a_removal_takes_the_resource_away(path: str) -> None:
    git = {"agents/a.md": "Body.\n", "agents/b.md": "Stays.\n", f"{LAPTOP}/{path}": "# not here\n!remove\n"}
    assert [str(r.ref) for r in loaded(git).resources] == ["agent/b"]
    assert len(loaded(git, "desktop").resources) == 2


def test_settings_are_removed_whole_whatever_they_are_written_in() -> None:
    git = {"zed/settings.yaml": "theme: x\n", f"{LAPTOP}/zed/settings.jsonc": '// no\n{"$remove": true}\n'}
    assert not loaded(git).resources


def test_entries_of_a_file_of_several_are_merged_too() -> None:
    git = {
        "all.yaml": "agents:\n  a: {description: x, prompt: p}\n  b: {description: y, prompt: q}\n",
        f"{LAPTOP}/mine.yaml": "agents:\n  a: {mode: bogus}\n  b: !remove\n",
    }
    assert refused(git) == [f"{LAPTOP}/mine.yaml:2:3: agent/a: `mode` can't be `bogus`"]
    git[f"{LAPTOP}/mine.yaml"] = "agents:\n  a: {mode: all}\n  b: !remove\n"
    assert [str(r.ref) for r in loaded(git).resources] == ["agent/a"]


def test_the_second_task_of_a_label_is_another_one() -> None:
    git = {
        "zed/tasks.yaml": "- {label: t, command: a}\n- {label: t, command: b}\n",
        f"{LAPTOP}/zed/tasks.yaml": "- {label: t, args: [x]}\n- {label: t, command: c}\n- {label: t, command: d}\n",
    }
    assert loaded(git).resources[0].spec.value == [
        {"label": "t", "command": "a", "args": ["x"]}, {"label": "t", "command": "c"}, {"label": "t", "command": "d"},
    ]  # fmt: skip


def test_a_binding_is_replaced_where_it_counts_and_removed_everywhere() -> None:
    git = {
        "zed/keymap.yaml": "- context: E\n  bindings: {a: x, b: x}\n- context: E\n  bindings: {a: y}\n",
        f"{LAPTOP}/zed/keymap.yaml": "- context: E\n  bindings: {a: z, b: !remove , c: new}\n",
    }
    assert loaded(git).resources[0].spec.value == [
        {"context": "E", "bindings": {"a": "x"}}, {"context": "E", "bindings": {"a": "z", "c": "new"}},
    ]  # fmt: skip


def test_other_lists_replace_and_null_is_a_value() -> None:
    git = {
        "opencode/settings.yaml": "instructions: [a, b]\nshare: manual\n",
        f"{LAPTOP}/opencode/settings.yaml": "instructions: [c]\nusername: null\n",
    }
    with pytest.raises(Invalid):
        loaded(git)  # OpenCode takes no null there; it arrives all the same
    git[f"{LAPTOP}/opencode/settings.yaml"] = "instructions: [c]\n"
    assert loaded(git).resources[0].spec.value == {"instructions": ["c"], "share": "manual"}


def test_settings_of_the_repository_are_overlaid_but_for_its_id() -> None:
    git = {
        "reconcile.yaml": "id: abc\nmodes:\n  agent: report\n",
        f"{LAPTOP}/reconcile.yaml": "modes:\n  agent: !remove\n  zed_settings: ignore\n",
    }
    [rule] = loaded(git).settings.modes
    assert (rule.pattern, str(rule.origin)) == ("zed_settings", f"desired-state/{LAPTOP}/reconcile.yaml:3:3")
    git[f"{LAPTOP}/reconcile.yaml"] = "id: other\n"
    assert refused(git) == [f"{LAPTOP}/reconcile.yaml:1:1: the id is the repository's, and the same on all machines"]


def test_problems_stand_where_they_were_said() -> None:
    git = {
        "agents/a.md": "---\n# one\nmode: bogus\n---\nBody.\n",
        "agents/b.md": "---\ndescription: fine\n---\nBody.\n",
        f"{LAPTOP}/agents/a.md": "---\ndescription: x\n---\n",
        f"{LAPTOP}/agents/b.md": "---\n\n\nmode: wrong\n---\n",
        f"{LAPTOP}/agents/c.md": "---\nmode: worse\n---\nNew.\n",
    }
    assert refused(git) == [
        "agents/a.md:3:1: agent/a: `mode` can't be `bogus`",
        f"{LAPTOP}/agents/b.md:4:1: agent/b: `mode` can't be `wrong`",
        f"{LAPTOP}/agents/c.md:2:1: agent/c: `mode` can't be `worse`",
    ]


def test_targets_stand_where_they_were_said() -> None:
    git = {
        "zed/settings.yaml": "theme: One\nvim_mode: true\n",
        f"{LAPTOP}/zed/settings.yaml": "# here\nvim_mode: false\ndisable_ai: true\n",
    }
    origins = {c.target.part: str(c.target.origin).removeprefix("desired-state/") for c in House({}).plan(git).changes}
    assert origins == {
        "/theme": "zed/settings.yaml:1:1",
        "/vim_mode": f"{LAPTOP}/zed/settings.yaml:2:1",
        "/disable_ai": f"{LAPTOP}/zed/settings.yaml:3:1",
    }


def test_broken_below_it_is_said_of_the_file_below() -> None:
    git = {"zed/settings.yaml": "theme: [\n", f"{LAPTOP}/zed/settings.yaml": "vim_mode: true\n"}
    assert [line.partition(":")[0] for line in refused(git)] == ["zed/settings.yaml"]


def test_a_removal_of_nothing_is_a_warning_and_of_nothing_at_all_an_error() -> None:
    git = {"zed/settings.yaml": "theme: x\n", f"{LAPTOP}/zed/settings.yaml": "vim_mode: !remove\n"}
    [problem] = loaded(git).problems
    assert told(problem) == f"{LAPTOP}/zed/settings.yaml:1:1: `vim_mode` is removed here, and is not there without that"
    del git["zed/settings.yaml"]
    assert len(refused(git)) == 1
    [problem] = loaded({f"{LAPTOP}/agents/a.yaml": "!remove\n"}).problems
    assert told(problem) == f"{LAPTOP}/agents/a.yaml: `agents/a.yaml` is removed here, and is not there without that"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("agents/a.yaml", "mode: !remove\nprompt: x\n"),
        ("agents/a.md", "---\nmode: !remove\n---\nx\n"),
        ("zed/settings.yaml", "theme: !remove\n"),
        ("zed/settings.jsonc", '{"theme": {"$remove": true}}'),
        ("zed/settings.yaml", "theme: {$remove: true}\n"),
        ("reconcile.yaml", "modes: !remove\n"),
        ("several.yaml", "agents:\n  a: !remove\n"),
    ],
)
def test_removals_are_for_hosts_alone(path: str, said: str) -> None:
    assert any("is not known here" in line for line in refused({path: said}))


@pytest.mark.parametrize("said", ["mode: !remove x\n", "mode: !gone\n", "mode: !remove [a]\n"])
def test_other_tags_and_removals_with_a_value_are_refused(said: str) -> None:
    git = {"agents/a.md": "---\nmode: all\n---\nBody.\n", f"{LAPTOP}/agents/a.yaml": said}
    assert refused(git)[0].startswith(f"{LAPTOP}/agents/a.yaml:1:7: not valid YAML")


def test_a_removal_that_holds_more_is_refused() -> None:
    git = {
        "zed/settings.yaml": "terminal: {env: {A: b}}\n",
        f"{LAPTOP}/zed/settings.yaml": "terminal: !remove\n  env: x\n",
    }
    assert "other keys stand in it" in refused(git)[0]


def test_what_belongs_to_no_host() -> None:
    assert refused({"hosts/README.md": "x"}) == ["hosts/README.md: this belongs to no host"]
    assert refused({f"{LAPTOP}/agent/a.md": "x"}) == [f"{LAPTOP}/agent/a.md: no kind takes this file"]
    assert not loaded({f"{LAPTOP}/.gitkeep": ""}).problems


def test_all_hosts_are_looked_at_and_each_problem_is_named_once() -> None:
    git = {
        "agents/a.md": "---\nmode: bogus\n---\nBody.\n",
        "hosts/one/zed/settings.yaml": "[]\n",
        "hosts/two/zed/tasks.yaml": "- command: x\n",
    }
    with pytest.raises(Invalid) as caught:
        load_all(tree(git), registry.KINDS, registry.PENDING, "laptop")
    assert [told(problem).partition(":")[0] for problem in caught.value.problems] == [
        "agents/a.md", "hosts/one/zed/settings.yaml", "hosts/two/zed/tasks.yaml",
    ]  # fmt: skip
    git["agents/a.md"] = "Body.\n"
    assert loaded(git).resources
    with pytest.raises(Invalid):
        loaded(git, "one")


def test_what_the_host_has_not_is_the_same_as_before() -> None:
    git = {"agents/a.md": "Body.\n", "zed/settings.yaml": "theme: x\n", "hosts/other/agents/a.md": "Other.\n"}
    plain = {path: said for path, said in git.items() if not path.startswith("hosts/")}
    assert loaded(git).resources == loaded(plain).resources
