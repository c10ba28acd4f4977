"""A planted fault turns each lint red."""

import pathlib
import shlex
import sys
import tempfile
import unittest

import checks
import layers
import tree

RULES = """
room sync/base :
room sync/core : sync/base
room node/store : sync/base sync/core
room node/portal : sync/base node/store
fence rocksdb/ : node/store/*.cc
deny sync/core : thread
"""


class Layers(unittest.TestCase):
    def faults(self, path, *includes, rules=RULES):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            (root / "layers.txt").write_text(rules)
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text("".join(f"#include {text}\n" for text in includes))
            return layers.check(root, root / "layers.txt")

    def test_lets_a_room_include_what_its_line_names(self):
        self.assertEqual(self.faults("node/portal/page.cc", "<vector>", '"node/store/store.h"',
                                     '"node/portal/page.h"', '"sync/base/ids.h"'), [])

    def test_finds_a_room_that_includes_a_higher_floor(self):
        self.assertEqual(self.faults("sync/core/merge.cc", "<map>", '"node/store/store.h"'),
                         ["sync/core/merge.cc:2: sync/core may not include node/store (node/store/store.h)"])

    def test_finds_a_neighbour_that_is_not_named(self):
        self.assertEqual(len(self.faults("node/portal/page.cc", '"sync/core/document.h"')), 1)

    def test_finds_a_heavy_library_outside_its_fence(self):
        self.assertEqual(self.faults("node/store/store.cc", "<rocksdb/db.h>"), [])
        self.assertEqual(len(self.faults("node/store/store.h", "<rocksdb/db.h>")), 1)
        self.assertEqual(len(self.faults("node/portal/page.cc", "<rocksdb/db.h>")), 1)

    def test_finds_threads_in_a_pure_room(self):
        self.assertEqual(len(self.faults("sync/core/merge.cc", "<thread>")), 1)
        self.assertEqual(self.faults("node/store/store.cc", "<thread>"), [])

    def test_sees_through_spaces_and_odd_spellings(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            (root / "sync/base").mkdir(parents=True)
            (root / "sync/base/log.cc").write_text('  #  include   "sync/core/document.h"  // why\n')
            (root / "layers.txt").write_text(RULES)
            self.assertEqual(len(layers.check(root, root / "layers.txt")), 1)

    def test_finds_the_program_including_its_tests(self):
        self.assertEqual(len(self.faults("node/store/store.cc", '"tests/sim/world.h"')), 1)

    def test_finds_a_folder_that_is_no_room(self):
        self.assertEqual(len(self.faults("node/helpers/misc.h", "<vector>")), 1)

    def test_tolerates_no_loop_in_the_rules(self):
        loop = "room a : b\nroom b : a\n"
        self.assertEqual(len(self.faults("node/x/y.md", rules=loop)), 1)

    def test_refuses_a_line_that_it_does_not_understand(self):
        self.assertEqual(len(self.faults("node/x/y.md", rules="rooms sync/base :\n")), 1)

    def test_the_rules_of_the_project_name_every_room_that_exists(self):
        rules = layers.read_rules(tree.ROOT / "tests/lint/layers.txt")
        self.assertEqual(rules.faults, [])
        for file in layers.sources(tree.ROOT):
            path = file.relative_to(tree.ROOT).as_posix()
            self.assertIsNotNone(layers.room_of(path, rules.rooms), path)


class Words(unittest.TestCase):
    def test_finds_places_of_this_machine(self):
        self.assertTrue(checks.forbidden("a.md", f"see {tree.ROOT}/build"))
        self.assertTrue(checks.forbidden("a.md", "cp x /home/ana/x"))
        self.assertFalse(checks.forbidden("a.md", "the /home page, and /espace/root/"))

    def test_finds_registries_and_download_addresses(self):
        self.assertTrue(checks.forbidden("a.md", "https://registry.example.org".replace("example", "abc")))
        self.assertTrue(checks.forbidden("x/package-lock.json", '"resolved": "https://a/b.tgz"'))
        self.assertFalse(checks.forbidden("x/package.json", '"resolved": "https://a/b.tgz"'))

    def test_finds_a_merge_that_was_not_finished(self):
        self.assertTrue(checks.forbidden("a.cc", "<<<<<<< HEAD"))


class Commands(unittest.TestCase):
    def test_are_freed_of_what_belongs_to_one_compilation(self):
        words = shlex.split("/usr/bin/env X=1 ccache /usr/bin/clang++-19 -I/a -O1 -Winvalid-pch "
                            "-fsanitize=address -Xclang -include-pch -Xclang p.pch -Xclang -include "
                            "-Xclang p.hxx -Xclang -fno-pch-timestamp -MD -MT o -MF d -o o -c f.cc")
        self.assertEqual(tree.plain(words), ["/usr/bin/clang++-19", "-I/a", "-O1", "-Xclang",
                                             "-fno-pch-timestamp"])
        self.assertEqual(tree.plain(words, with_standard_headers=True),
                         ["/usr/bin/clang++-19", "-I/a", "-O1", "-Xclang", "-include", "-Xclang", "p.hxx", "-Xclang",
                          "-fno-pch-timestamp"])

    def test_find_a_source_for_a_changed_header(self):
        known = {"node/app/config.cc": []}
        self.assertEqual(checks.tidy_sources(["node/app/config.h", "README.md"], known),
                         ["node/app/config.cc"])


class Counting(unittest.TestCase):
    """tests/count.py, which tells tests/run how many passed."""

    def count(self, status, gtest="", code=0):
        sys.path.insert(0, str(tree.ROOT / "tests"))
        import count
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            (directory / "ctest.junit").write_text(
                f'<testsuite><testcase name="x_test" status="{status}"/></testsuite>')
            if gtest:
                (directory / "x_test.xml").write_text(f"<testsuites><testsuite>{gtest}</testsuite></testsuites>")
            return count.count(directory, code)

    GOOD = '<testcase name="a" status="run" result="completed"/>'
    BAD = '<testcase name="b" status="run" result="completed"><failure message="x"/></testcase>'
    SKIPPED = '<testcase name="c" status="notrun" result="suppressed"/>'

    def test_counts_the_tests_inside_a_program(self):
        self.assertEqual(self.count("run", self.GOOD * 3 + self.SKIPPED), (3, 0))
        self.assertEqual(self.count("fail", self.GOOD * 3 + self.BAD, 8), (3, 1))

    def test_counts_a_program_without_tests_of_its_own_as_one(self):
        self.assertEqual(self.count("run"), (1, 0))
        self.assertEqual(self.count("fail", code=8), (0, 1))

    def test_counts_a_program_that_died_after_good_tests_as_failed(self):
        self.assertEqual(self.count("fail", self.GOOD * 3, 8), (3, 1))

    def test_never_calls_a_failed_run_good(self):
        self.assertEqual(self.count("run", self.GOOD, 8), (1, 1))


if __name__ == "__main__":
    unittest.main()
