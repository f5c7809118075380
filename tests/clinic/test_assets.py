"""Front-end files: only those listed, without pointers to what is not served."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage

from clinic.assets import NodeModulesFinder, NodeModulesStorage, StaticStorage


@pytest.fixture
def library(tmp_path, settings):
    """A node_modules with one served file, one that is not, and a list that names the first."""
    (tmp_path / "lib/dist").mkdir(parents=True)
    (tmp_path / "lib/dist/lib.css").write_text("a{}\n/*# sourceMappingURL=lib.css.map */")
    (tmp_path / "lib/secret.js").write_text("")
    settings.NODE_MODULES = tmp_path
    settings.NODE_ASSETS = {"vendor/lib.css": "lib/dist/lib.css"}
    settings.STATIC_ROOT = tmp_path / "collected"
    return tmp_path


def test_a_listed_file_is_found_under_its_own_name(library):
    assert NodeModulesFinder().find("vendor/lib.css") == str(library / "lib/dist/lib.css")


@pytest.mark.parametrize("name", ["lib/secret.js", "vendor/../lib/secret.js", "lib/dist/lib.css"])
def test_nothing_else_of_node_modules_is_found(library, name):
    assert NodeModulesFinder().find(name) == []


def test_a_file_is_collected_without_its_source_map(library):
    assert NodeModulesStorage().open("vendor/lib.css").read() == b"a{}\n"


def test_a_missing_file_is_one_clear_error(library, settings):
    settings.NODE_ASSETS = {**settings.NODE_ASSETS, "vendor/gone.js": "lib/gone.js"}

    (error,) = NodeModulesFinder().check()

    assert error.msg == (
        f"1 of 2 front-end files are missing, the first is {library / 'lib/gone.js'}."
    )
    assert error.hint == "Run npm ci --omit=dev, or python3 run.py, which does it for you."


def test_collected_files_stand_in_for_node_modules(library, settings):
    settings.NODE_ASSETS = {"vendor/gone.js": "lib/gone.js"}
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")

    assert NodeModulesFinder().check() == []


def test_every_listed_file_is_installed():
    assert [error.msg for error in NodeModulesFinder().check()] == []
    assert Path(finders.find("vendor/bootstrap/bootstrap.min.css")).is_file()


def test_collected_modules_import_each_other_by_hashed_name(tmp_path):
    source = tmp_path / "source"
    (source / "js").mkdir(parents=True)
    (source / "js/page.js").write_text('import { a } from "./part.js";\na();\n')
    (source / "js/part.js").write_text("export const a = () => {};\n")
    (source / "other.js").write_text('// import { a } from "./missing.js";\n')
    files = ("js/page.js", "js/part.js", "other.js")
    storage = StaticStorage(location=str(tmp_path / "collected"), base_url="/static/")
    for name in files:
        storage.save(name, FileSystemStorage(location=str(source)).open(name))

    done = {
        name: hashed
        for name, hashed, _ in storage.post_process({name: (storage, name) for name in files})
        if not hashed.endswith((".gz", ".br"))
    }

    part = Path(done["js/part.js"]).name
    assert storage.open(done["js/page.js"]).read().decode() == (
        f'import {{ a }} from "./{part}";\na();\n'
    )
    assert (tmp_path / "collected" / f"{done['js/page.js']}").is_file()
