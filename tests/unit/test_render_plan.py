"""Plans as people read them, letter by letter."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from reconciler.cli.render import plan_text
from reconciler.cli.render_body import Sides
from reconciler.model.change import Action, Cause, Diff, FieldChange, Standing, Verdict
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Revision
from reconciler.shapes.owned_file import diff
from tests.support.house import House
from tests.support.plans import AT, change, page, plan, row, state

A, C = Action, Cause
SHIP = "---\nagent: build\n---\nShip it.\n"


def text(*changes: object, hint: str = "", **more: object) -> str:
    return plan_text(plan(*changes, **more), replace(page(), hint=hint))  # type: ignore[arg-type]


def expected(said: str) -> str:
    return dedent(said).lstrip("\n")


def test_in_step_is_one_line() -> None:
    assert text(unchanged=214) == "in step with 3f2c1ab (main): 214 objects\n"


def test_records_to_bring_up_to_date_are_no_change() -> None:
    taken = [change(f"agent/{name}", A.RECORD, C.ADOPT, "x", "x") for name in "abc"]
    assert text(*taken, unchanged=1) == (
        "in step with 3f2c1ab (main): 4 objects · 3 already as git says"
        " (`reconcile apply` notes that, and writes no file)\n"
    )


def test_a_repository_without_commits() -> None:
    assert text(revision=Revision("work", "", "main", 3), unchanged=1) == (
        "in step with the work tree (main, no commit yet): 1 object\n"
    )


def test_sections_by_cause_in_their_order() -> None:
    edited = SHIP.replace("build", "plan")
    said = text(
        change("agent/new", A.CREATE, C.COMMIT, None, "a\nb\n"),
        change("command/ship", A.UPDATE, C.COMMIT, SHIP, edited),
        change("agent/old", A.DELETE, C.ORPHAN, SHIP, None, recorded=row("agent/old")),
        change("agent/back", A.RESTORE, C.ORPHAN, SHIP, edited, recorded=row("agent/back", Standing.REPLACED)),
        change("agent/drifted", A.UPDATE, C.DRIFT, edited, SHIP),
        change("agent/gone", A.CREATE, C.DRIFT, None, SHIP),
        change("file/opencode/AGENTS.md", A.UPDATE, C.ADOPT, "mine\n", "git's\n", path="AGENTS.md"),
        revision=replace_uncommitted(1),
        hint="`reconcile apply` to do it",
    )
    assert said == expected("""
        desired-state at 3f2c1ab (main), 1 file uncommitted · this is `laptop`

        Drift: changed here since the last apply; what git says comes back
          ~ agent/drifted            ~/.config/opencode/agents/drifted.md
              @@ line 1
               ---
              -agent: plan
              +agent: build
               ---
          + agent/gone               ~/.config/opencode/agents/gone.md · removed here · 4 lines

        Taken over: something else stands here; it is kept, and `reconcile release` brings it back
          ~ file/opencode/AGENTS.md  ~/.config/opencode/AGENTS.md
              @@ line 1
              -mine
              +git's

        Changes: git asks for them
          + agent/new                ~/.config/opencode/agents/new.md · 2 lines
          ~ command/ship             ~/.config/opencode/commands/ship.md
              @@ line 1
               ---
              -agent: build
              +agent: plan
               ---

        Removed from git
          ~ agent/back               ~/.config/opencode/agents/back.md · what stood there before comes back
              @@ line 1
               ---
              -agent: build
              +agent: plan
               ---
          - agent/old                ~/.config/opencode/agents/old.md · made by us · 4 lines

        1 to create, 1 to update, 1 to delete, 1 to restore, 2 to repair, 1 to take over
        `reconcile apply` to do it
        """)


def replace_uncommitted(number: int) -> Revision:
    return AT._replace(uncommitted=number)


def test_one_value_stands_on_the_line_itself() -> None:
    one = change("command/ship", A.UPDATE, C.COMMIT, diff=Diff((FieldChange("/agent", "build", "plan"),)))
    assert "  ~ command/ship  agent: build → plan\n" in text(one)


def test_several_values_stand_below() -> None:
    fields = (
        FieldChange("/permission/bash/git push *", "ask", "allow"),
        FieldChange("/steps", None, 5),
        FieldChange("/model", "true", None),
    )
    assert text(change("agent/x", A.UPDATE, C.COMMIT, diff=Diff(fields))).splitlines()[3:7] == [
        "  ~ agent/x  ~/.config/opencode/agents/x.md",
        '      permission.bash."git push *": ask → allow',
        "      steps: unset → 5",
        '      model: "true" → unset',
    ]


def test_the_files_of_a_resource_fold_into_one_entry() -> None:
    names = ["SKILL.md", "run.sh", *(f"{n}.md" for n in range(8))]
    made = [change("skill/r", A.CREATE, C.COMMIT, None, "x", path=f"skills/r/{n}", part=n) for n in names]
    assert text(*made).splitlines()[2:] == [
        "Changes: git asks for them",
        "  + skill/r  10 files in ~/.config/opencode/skills/r/",
        "      SKILL.md, run.sh, 0.md, 1.md, 2.md, 3.md, 4.md, 5.md, … 2 more",
        "",
        "1 to create",
    ]


def test_files_of_one_resource_with_different_fates() -> None:
    made = change("skill/r", A.CREATE, C.COMMIT, None, "x\n", path="skills/r/a.md", part="a.md")
    edited = change("skill/r", A.UPDATE, C.COMMIT, "x\n", "y\n", path="skills/r/SKILL.md", part="SKILL.md")
    assert text(made, edited).splitlines()[3:] == [
        "  ~ skill/r  2 files in ~/.config/opencode/skills/r/",
        "      + a.md · 1 line",
        "      ~ SKILL.md",
        "        @@ line 1",
        "        -x",
        "        +y",
        "",
        "1 to update",
    ]


HELD = Verdict(False, "edited here and changed in git", "`reconcile apply --force agent/x` takes git's")


def test_a_conflict_shows_both_sides() -> None:
    held = change("agent/x", A.UPDATE, C.CONFLICT, "a\nhere\n", "a\ngit\n", verdict=HELD)
    last = state("a\nlast\n")
    sides = {held.claim: Sides(diff(last, state("a\nhere\n")), diff(last, state("a\ngit\n")))}
    assert plan_text(plan(held), replace(page(), sides=sides)) == expected("""
        desired-state at 3f2c1ab (main) · this is `laptop`

        Conflicts: held until you say whose change wins
          ! agent/x  edited here and changed in git
              ~/.config/opencode/agents/x.md
              edited here since the last apply:
                @@ line 1
                 a
                -last
                +here
              changed in git since then:
                @@ line 1
                 a
                -last
                +git
          hint: `reconcile apply --force agent/x` takes git's

        nothing to write · 1 conflict
        """)


def test_the_same_hint_is_given_once() -> None:
    held = [
        change(f"agent/{n}", A.UPDATE, C.CONFLICT, "a", "b", verdict=Verdict(False, "edited", f"`--force agent/{n}`"))
        for n in "xyz"
    ]
    assert [line for line in text(*held).splitlines() if "hint" in line] == ["  hint: `--force REF`"]


def test_held_by_a_rule_and_warnings() -> None:
    rule = Verdict(False, "reported only (desired-state/reconcile.yaml:14:3)")
    held = change("file/zed/t.json", A.UPDATE, C.DRIFT, "a\n", "b\n", path="t.json", verdict=rule)
    warning = Problem(
        Origin("desired-state/agents/x.md", 3, 1), "unknown key `foo`", "did you mean `for`?", Severity.WARNING
    )
    assert text(held, problems=(warning,)) == expected("""
        desired-state at 3f2c1ab (main) · this is `laptop`

        Held: listed, not done
          ! file/zed/t.json  reported only (desired-state/reconcile.yaml:14:3)
              ~/.config/opencode/t.json
              @@ line 1
              -a
              +b

        desired-state/agents/x.md:3:1: warning: unknown key `foo`
          hint: did you mean `for`?

        nothing to write · 1 held
        """)


def test_what_goes_back_and_what_stays() -> None:
    said = text(
        change("agent/made", A.DELETE, C.UNDO, "x\n", None, recorded=row("agent/made")),
        change("agent/same", A.FORGET, C.UNDO),
        change("agent/edited", A.FORGET, C.CONFLICT),
        title="Hands back what stood there before",
    )
    assert said == expected("""
        Hands back what stood there before
        desired-state at 3f2c1ab (main) · this is `laptop`

        What goes back
          - agent/made    ~/.config/opencode/agents/made.md · made by us · 1 line

        Edited here since: stays as it is, and is no longer ours
          = agent/edited  ~/.config/opencode/agents/edited.md

        1 to delete · 1 handed back as they stand · 1 left as edited
        """)


def test_what_cannot_be_taken_back_says_so() -> None:
    final = change("agent/x", A.DELETE, C.ORPHAN, "x\n", None, reversible=False, why_not="its old value was never kept")
    assert "      cannot be taken back: its old value was never kept\n" in text(final)


def test_full_shows_what_comes_and_goes() -> None:
    made = change("agent/x", A.CREATE, C.COMMIT, None, "a\nb\n")
    gone = change("agent/y", A.DELETE, C.ORPHAN, "c\n", None)
    said = plan_text(plan(made, gone), page(full=True)).splitlines()
    assert said[3:6] == ["  + agent/x  ~/.config/opencode/agents/x.md · 2 lines", "      @@ line 1", "      +a"]
    assert "      -c" in said


def test_binary_content_is_counted_not_shown() -> None:
    assert "· 3 bytes, not text" in text(change("file/x", A.CREATE, C.COMMIT, None, b"\0ab"))
    edited = change("file/x", A.UPDATE, C.COMMIT, b"\0ab", b"\0abc")
    assert "      3 → 4 bytes, not text\n" in text(edited)


def test_secrets_are_masked_with_one_numbering() -> None:
    old, new = "token: sk-proj-A1b2C3d4E5f6G7h8I9j0\n", "token: sk-proj-Z9y8X7w6V5u4T3s2R1q0\n"
    said = text(
        change("agent/a", A.UPDATE, C.COMMIT, old, new),
        change("agent/b", A.UPDATE, C.COMMIT, new, old),
        change("agent/c", A.UPDATE, C.COMMIT, diff=Diff((FieldChange("/apiKey", "q8Zr4mX1vB7nK2pL", "plain word"),))),
    )
    assert "sk-proj" not in said and "q8Zr" not in said
    assert [line.strip() for line in said.splitlines() if "#" in line] == [
        "-token: •••#1",
        "+token: •••#2",
        "-token: •••#2",
        "+token: •••#1",
        "~ agent/c  apiKey: •••#3 → plain word",
    ]


def test_names_cannot_drive_the_terminal() -> None:
    evil = change("agent/\x1b[2Jx\u202e", A.CREATE, C.COMMIT, None, "x\n", path="agents/\x1b]0;x\x07.md")
    said = text(evil)
    assert "\x1b" not in said and "\u202e" not in said and "\x07" not in said
    assert "  + agent/\\x1b[2Jx\\u202e  ~/.config/opencode/agents/\\x1b]0;x\\x07.md · 1 line\n" in said


def test_ascii_where_the_output_cannot_say_more() -> None:
    one = change("command/ship", A.UPDATE, C.COMMIT, diff=Diff((FieldChange("/agent", "build", "plan"),)))
    said = plan_text(plan(one), page(unicode=False))
    assert "  ~ command/ship  agent: build -> plan\n" in said
    assert said.isascii()


def test_colour_says_nothing_that_the_text_does_not() -> None:
    import re

    changes = [change("command/ship", A.UPDATE, C.COMMIT, SHIP, SHIP.replace("build", "plan"))]
    painted = plan_text(plan(*changes), page(color=True))
    assert "\x1b[31m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == plan_text(plan(*changes), page())


def test_a_plan_for_targets_says_so() -> None:
    limited = replace(page(), only=["agent/x", "command"])
    assert plan_text(plan(unchanged=9), limited) == "in step with 3f2c1ab (main): agent/x command\n"
    said = plan_text(plan(change("agent/x", A.CREATE, C.COMMIT, None, "x\n")), limited)
    assert said.splitlines()[0] == "desired-state at 3f2c1ab (main) · this is `laptop` · only agent/x command"


def test_many_values_are_cut() -> None:
    fields = tuple(FieldChange(f"/k{n}", None, n) for n in range(20))
    said = text(change("agent/x", A.UPDATE, C.COMMIT, diff=Diff(fields))).splitlines()
    assert said[15] == "      k11: unset → 11"
    assert said[16] == "      … 8 more values (`reconcile plan agent/x --full`)"


def key(pointer: str, action: Action, cause: Cause, before: object, after: object, **more: object) -> object:
    """A change of one key in a file that is not ours."""
    deep = more.pop("deep", pointer)
    made = change(
        "zed_settings", action, cause, path="settings.json", part=pointer,
        diff=Diff((FieldChange(str(deep), before, after),)), **more,
    )  # fmt: skip
    return replace(made, target=replace(made.target, claim=made.claim._replace(item=tuple(pointer.split("/")[1:]))))


def test_keys_of_a_shared_file_stand_one_by_one() -> None:
    said = text(
        key("/agent_servers/opencode/command", A.UPDATE, C.DRIFT, "/usr/local/bin/opencode", "opencode"),
        key("/tab_size", A.CREATE, C.COMMIT, None, 2),
        key("/vim_mode", A.DELETE, C.ORPHAN, True, None, recorded=row("zed_settings")),
        key("/permission", A.UPDATE, C.COMMIT, "ask", "allow", deep="/permission/bash"),
        key("/theme", A.UPDATE, C.DRIFT, "Ayu", "One", verdict=Verdict(False, "reported only: Zed's theme picker")),
    )
    assert said == expected("""
        desired-state at 3f2c1ab (main) · this is `laptop`

        Drift: changed here since the last apply; what git says comes back
          ~ zed_settings#/agent_servers/opencode/command  /usr/local/bin/opencode → opencode

        Changes: git asks for them
          ~ zed_settings#/permission                      bash: ask → allow
          + zed_settings#/tab_size                        2

        Removed from git
          - zed_settings#/vim_mode                        true · made by us

        Held: listed, not done
          ! zed_settings#/theme                           reported only: Zed's theme picker
              Ayu → One

        1 to create, 1 to update, 1 to delete, 1 to repair · 1 held
        """)


DECLARED = {"mcp/x.yaml": "command: [npx, x]\nenvironment: {A: b}\ntimeout: 5000\n"}


def test_a_declared_server_is_one_entry_and_all_of_it_is_there_to_see() -> None:
    plan = House({}).plan(DECLARED)
    brief, full = (plan_text(plan, page(full=full)).splitlines() for full in (False, True))
    values = 'command: ["npx", "x"] · environment.A: b · timeout: 5000 · type: local · … 3 more'
    assert brief[3:-2] == [f"  + mcp_server/x  (opencode, zed)  {values}"]
    assert full[3:-2] == [
        "  + mcp_server/x  (opencode, zed)",
        '      command: ["npx", "x"] (opencode)',
        "      environment.A: b",
        "      timeout: 5000 (opencode)",
        "      type: local (opencode)",
        '      args: ["x"] (zed)',
        "      command: npx (zed)",
        "      timeout: 5 (zed)",
    ]


def test_held_keys_of_a_server_are_told_by_name_and_rule() -> None:
    house = House({})
    house.apply(house.plan(DECLARED))
    house.edit({"zed/settings.json": '{"context_servers": {"x": {"command": "a", "args": ["b"], "enabled": false}}}'})
    git = {**DECLARED, "reconcile.yaml": "modes: {mcp_server/x: ignore, 'mcp_server/*#/*/*/env': report}\n"}
    said = plan_text(house.plan(git), page())
    assert "  ! mcp_server/x  (zed)                    ignored (desired-state/reconcile.yaml:1:9)\n" in said
    assert "      args.0: b → x\n      command: a → npx\n" in said
    assert "  ! mcp_server/x#/context_servers/x/env/A  reported only (desired-state/reconcile.yaml:1:" in said
    assert "--force 'mcp_server/x#/context_servers/x/env/A'" in said
