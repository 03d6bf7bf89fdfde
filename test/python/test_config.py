"""Configurations: the same mistakes at the same places as those of `avocet check`."""

from __future__ import annotations

from pathlib import Path

import avocet
import pytest

MISTAKES = """\
schema:
  metrics:
    temperature: {rnge: [0, 1]}
detectors:
  - {type: zscoer}
"""


def test_every_mistake_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "avocet.yaml"
    path.write_text(MISTAKES)
    problems = avocet.validate(path)
    assert [(p.file, p.line, p.column) for p in problems] == [
        (str(path), 3, 19),
        (str(path), 5, 12),
    ]
    assert "did you mean" in problems[0].message and "zscore" in problems[1].message
    assert str(problems[0]).startswith(f"{path}:3:19: error: ")


def test_a_mistake_is_an_exception_that_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "avocet.yaml"
    path.write_text(MISTAKES)
    with pytest.raises(avocet.ConfigError) as error:
        avocet.Engine(path)
    assert f"{path}:3:19: error: " in str(error.value)
    assert "    temperature: {rnge: [0, 1]}" in str(error.value)
    assert error.value.problems == avocet.validate(path)


def test_text_dictionaries_and_nothing_are_configurations(tmp_path: Path) -> None:
    assert avocet.validate(None) == []
    assert avocet.validate({"detectors": [{"type": "mad", "metrics": ["t"]}]}) == []
    assert avocet.validate("detectors: [{type: mad}]") == []
    (problem,) = avocet.validate({"detectors": [{"type": "mad", "treshold": 3}]})
    assert problem.line > 1 and "treshold" in problem.message
    (tmp_path / "a.yml").write_text("detectors: [{type: mad}]")
    assert avocet.validate(str(tmp_path / "a.yml")) == []


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "detectors:\n  - type: threshold\n    max: ${LIMIT}\n"
    monkeypatch.delenv("LIMIT", raising=False)
    assert "LIMIT" in avocet.validate(text)[0].message
    monkeypatch.setenv("LIMIT", "5")
    assert avocet.validate(text) == []


def test_the_detectors_have_names() -> None:
    assert {"auto", "zscore", "mad", "missing"} <= set(avocet.detectors())
