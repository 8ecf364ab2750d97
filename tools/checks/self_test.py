#!/usr/bin/env python3
"""Shows of each check that it fails on a bad input and passes a good one."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import functions
import repository

CHECKS = pathlib.Path(__file__).resolve().parent
CLEAN_HEADER = '#pragma once\n\nint answer();\n'


class CheckTest(unittest.TestCase):
    """A scratch repository with the real tables, in which each test breaks one rule."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        for name in ('.clang-format', '.clang-tidy', 'docs/ARCHITECTURE.md', 'tools/checks/layers.txt'):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repository.ROOT / name, self.root / name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self, name, *arguments):
        return subprocess.run([sys.executable, CHECKS / name, '--root', self.root, *arguments],
                              capture_output=True, text=True, check=False)

    def assert_clean(self, name, *arguments):
        result = self.run_check(name, *arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def assert_complains(self, name, complaint, *arguments):
        result = self.run_check(name, *arguments)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(complaint, result.stdout + result.stderr)


class LayersTest(CheckTest):
    def test_lower_ranks_and_own_folder_pass(self):
        self.write('core/store/a.cc', '#include "core/os/b.h"\n#include "core/store/c.h"\n')
        self.write('examples/a.c', '#include <stave/store.h>\n')
        self.assert_clean('layers')

    def test_higher_rank(self):
        self.write('core/os/a.cc', '#include "core/store/b.h"\n')
        self.assert_complains('layers', 'core/os/a.cc:1: core/os')

    def test_sibling(self):
        self.write('core/index/a.cc', '#include "core/cow_map/b.h"\n')
        self.assert_complains('layers', 'may not include core/cow_map/b.h')

    def test_public_header_in_the_core(self):
        self.write('core/store/a.cc', '#include <stave/store.h>\n')
        self.assert_complains('layers', 'may not include capi/include/stave/store.h')

    def test_core_header_in_an_example(self):
        self.write('examples/a.cc', '#include "core/base/status.h"\n')
        self.assert_complains('layers', 'may not include core/base/status.h')

    def test_helpers_of_tests_in_the_product(self):
        for name in ('core/os/a.cc', 'core/store/a.cc', 'capi/a.cc'):
            self.write(name, '#include "core/os/testing/b.h"\n')
            self.assert_complains('layers', f'{name}:1: core/os/testing/b.h is for tests only')
            (self.root / name).unlink()

    def test_helpers_of_tests_in_tests(self):
        for name in ('core/os/a_test.cc', 'core/store/a_test_support.h', 'core/os/testing/a.cc', 'tests/a.cc'):
            self.write(name, '#include "core/os/testing/b.h"\n')
        self.assert_clean('layers')

    def test_include_relative_to_the_file(self):
        self.write('core/os/a.cc', '#include "b.h"\n')
        self.assert_complains('layers', '"b.h" must be named from the root')

    def test_folder_outside_the_table(self):
        self.write('core/other/a.cc', '\n')
        self.assert_complains('layers', 'core/other/a.cc: lies in no folder')

    def test_document_that_differs_is_rewritten_on_request(self):
        document = self.root / 'docs/ARCHITECTURE.md'
        document.write_text(document.read_text().replace('| 1 | `core/os`', '| 2 | `core/os`'))
        self.assert_complains('layers', 'its table differs')
        self.assert_clean('layers', '--update')
        self.assert_clean('layers')


class StyleTest(CheckTest):
    def test_clean_file(self):
        self.write('core/base/a.h', CLEAN_HEADER)
        self.assert_clean('style')

    def test_name_at_the_top_level(self):
        self.write('scratch/a.txt', '')
        self.assert_complains('style', 'scratch: not a name of the top level')

    def test_long_file_explains_itself(self):
        self.write('core/base/a.h', CLEAN_HEADER + '\n' * 500)
        self.assert_complains('style', 'core/base/a.h: 503 lines')
        self.write('core/base/a.h', CLEAN_HEADER + '// It is long because ...\n' + '\n' * 500)
        self.assert_clean('style')

    def test_too_long_a_file(self):
        self.write('core/base/a.h', CLEAN_HEADER + '// It is long because ...\n' + '\n' * 800)
        self.assert_complains('style', '800 and more are not allowed')

    def test_long_function(self):
        self.write('core/base/a.cc', 'void f() {\n' + '  g();\n' * 69 + '}\n')
        self.assert_complains('style', 'core/base/a.cc:1: f has 71 lines')
        self.write('core/base/a.cc', 'void f() {\n' + '  g();\n' * 68 + '}\n')
        self.assert_clean('style')

    def test_long_python_function(self):
        self.write('tools/a.py', 'def f():\n' + '    g()\n' * 70)
        self.assert_complains('style', 'tools/a.py:1: f has 71 lines')

    def test_space_at_the_end_of_a_line(self):
        self.write('docs/a.md', 'word \n')
        self.assert_complains('style', 'docs/a.md:1: space at the end')

    def test_tab(self):
        self.write('docs/a.md', 'a\tb\n')
        self.assert_complains('style', 'docs/a.md:1: a tab')

    def test_no_newline_at_the_end(self):
        self.write('docs/a.md', 'word')
        self.assert_complains('style', 'docs/a.md: no newline')

    def test_unfinished_work(self):
        self.write('core/base/a.cc', '// TO' 'DO: later\n')
        self.assert_complains('style', 'core/base/a.cc:1: a mark of unfinished work')

    # The conformance tests once had a table of languages with both sides of a merge in it.
    def test_mark_of_a_merge(self):
        self.write('docs/a.txt', 'one\n<<<<<<< HEAD\ntwo\n=======\nthree\n>>>>>>> theirs\n')
        self.assert_complains('style', 'docs/a.txt:2: a mark of a merge')
        self.assert_complains('style', 'docs/a.txt:6: a mark of a merge')

    def test_path_of_one_machine(self):
        self.write('docs/a.md', 'see /ho' 'me/someone/notes\n')
        self.assert_complains('style', 'docs/a.md:1: a path of one machine')

    def test_format_of_scripts(self):
        self.write('tests/conformance/store/a.test', '# format 2\n')
        self.assert_clean('style')
        self.write('tests/conformance/store/a.test', '# format 1\n')
        self.assert_complains('style', 'the first line of a script is "# format 2"')

    def test_numbers_as_names_of_tests(self):
        self.write('core/os/a_test.cc', 'TEST(Os, Test1) {}\n')
        self.assert_complains('style', 'the test Test1 has a number for a name')
        self.write('core/os/a_test.cc', 'TEST(Os, Keeps64Bits) {}\n')
        self.assert_clean('style')

    def test_wide_lines_of_documents(self):
        self.write('docs/a.md', 'word ' * 30 + 'end\n')
        self.assert_complains('style', 'docs/a.md:1: 153 columns; 120 at most')
        self.write('docs/a.md', '| ' + 'x' * 200 + ' |\n```c\n' + 'x' * 200 + '\n```\n')
        self.assert_clean('style')

    def test_header_guards(self):
        self.write('core/base/a.h', 'int answer();\n')
        self.assert_complains('style', 'core/base/a.h: lacks #pragma once')
        self.write('core/base/a.h', CLEAN_HEADER)
        self.write('capi/include/stave/a.h', CLEAN_HEADER)
        self.assert_complains('style', 'capi/include/stave/a.h: needs an include guard')


class FunctionsTest(unittest.TestCase):
    def spans(self, text):
        return functions.spans(text)

    def test_members_templates_and_free_functions(self):
        text = ('namespace a {\ntemplate <class T>\nclass B final : public C<T> {\n public:\n'
                '  B() : x_{1}, y_{2} {\n  }\n  int x_ = 0;\n};\n'
                'int f(const char* s) {\n  return s[0] == \'}\' ? 1 : 0;  // {\n}\n}\n')
        self.assertEqual(self.spans(text), [('B', 5, 6), ('f', 9, 11)])

    def test_data_is_no_function(self):
        self.assertEqual(self.spans('int table[] = {\n  f(1),\n};\nenum class E { a, b };\n'), [])

    def test_body_of_a_raw_string_is_no_code(self):
        self.assertEqual(self.spans('int f() {\n  g(R"({{{)");\n}\nint h() {\n}\n'),
                         [('f', 1, 3), ('h', 4, 5)])


class FormatTest(CheckTest):
    def setUp(self):
        super().setUp()
        if repository.pinned_clang_tool('clang-format') is None:
            self.skipTest('no clang-format of the pinned release')

    def test_misformatted_file_is_fixed_on_request(self):
        self.write('core/base/a.cc', 'int  f( ){return 1;}\n')
        self.assert_complains('format', 'core/base/a.cc:1: ')
        self.assert_clean('format', '--fix')
        self.assert_clean('format')


class HeadersTest(CheckTest):
    def test_header_that_needs_another(self):
        self.write('capi/include/stave/a.h', 'uint32_t f(void);\n')
        self.assert_complains('headers', 'uint32_t')

    def test_header_that_is_not_c(self):
        self.write('capi/include/stave/a.h', 'bool f(int = 3);\n')
        self.assert_complains('headers', '-std=c11')

    def test_header_that_is_not_cpp(self):
        self.write('capi/include/stave/a.h', 'void f(int class);\n')
        self.assert_complains('headers', '-std=c++11')

    def test_header_that_warns(self):
        self.write('capi/include/stave/a.h', 'static int f(int a) { return 0; }\n')
        self.assert_complains('headers', 'unused')

    def test_header_without_a_guard(self):
        self.write('capi/include/stave/a.h', 'enum e { A };\n')
        self.assert_complains('headers', 'A')

    def test_clean_header(self):
        self.write('capi/include/stave/a.h', '#ifndef A\n#define A\nint f(void);\n#endif\n')
        self.assert_clean('headers')


class LibraryTest(CheckTest):
    """Checks that read a built library; each test builds a small one."""

    HEADER = ('#include <stdint.h>\nstruct stave_point {\n  int32_t x;\n};\nstruct stave_hidden;\n'
              'void stave_move(struct stave_point *point, struct stave_hidden *hidden);\n')
    SOURCE = ('#include <stave/a.h>\nstruct stave_hidden {\n  int32_t y;\n};\n'
              'void stave_move(struct stave_point *p, struct stave_hidden *h) { p->x += h->y; }\n')

    def setUp(self):
        super().setUp()
        self.library = self.root / 'build/libstave.so'
        self.build_library()

    def build_library(self, header=HEADER, source=SOURCE):
        self.write('capi/include/stave/a.h', header)
        self.write('capi/a.c', source)
        self.library.parent.mkdir(exist_ok=True)
        subprocess.run(['gcc', '-g', '-shared', '-fPIC', '-I', self.root / 'capi/include', '-o',
                        self.library, self.root / 'capi/a.c'], check=True)

    def test_exports(self):
        self.assert_complains('exports', 'stave_move: exported, but not in', self.library)
        self.assert_clean('exports', '--update', self.library)
        self.assert_clean('exports', self.library)
        self.build_library(source=self.SOURCE.replace('stave_move', 'stave_shift'))
        self.assert_complains('exports', 'stave_move: in tests/capi/exports.txt, but not exported',
                              self.library)

    def test_export_of_a_foreign_name(self):
        self.build_library(source=self.SOURCE + 'void helper(void) {}\n')
        self.assert_complains('exports', 'helper: exported, but not a stave_* name', '--update',
                              self.library)

    def test_abi(self):
        if shutil.which('abidiff') is None:
            self.skipTest('no abidiff')
        self.assert_complains('abi', 'stave.abi: is missing', self.library)
        self.assert_clean('abi', '--update', self.library)
        self.build_library(source=self.SOURCE.replace('int32_t y', 'int64_t y'))
        self.assert_clean('abi', self.library)
        self.build_library(header=self.HEADER.replace('int32_t x', 'uint32_t x'))
        self.assert_complains('abi', 'int32_t x', self.library)
        self.assert_clean('abi', '--update', self.library)
        self.assert_clean('abi', self.library)


class TidyTest(CheckTest):
    def setUp(self):
        super().setUp()
        if repository.pinned_clang_tool('clang-tidy') is None:
            self.skipTest('no clang-tidy of the pinned release')

    def build_source(self, text):
        """What the check reads of a build directory: compile_commands.json, and ninja's log of
        includes, which an empty build.ninja leaves empty."""
        self.write('core/base/a.cc', text)
        source = self.root / 'core/base/a.cc'
        command = {'directory': str(self.root / 'build'), 'file': str(source), 'output': 'a.o',
                   'command': f'g++ -c {source} -o a.o'}
        self.write('build/build.ninja', '')
        self.write('build/compile_commands.json', json.dumps([command]))

    def test_finding(self):
        self.build_source('bool f() { bool b = 1; return b; }\n')
        for _ in range(2):
            self.assert_complains('tidy', 'modernize-use-bool-literals', self.root / 'build')

    def test_clean_source_is_not_looked_at_again(self):
        self.build_source('bool f() { bool b = true; return b; }\n')
        self.assertIn('1 of them not seen before', self.run_check('tidy', self.root / 'build').stdout)
        self.assertIn('0 of them not seen before', self.run_check('tidy', self.root / 'build').stdout)
        self.build_source('bool f() { bool b = 1; return b; }\n')
        self.assert_complains('tidy', 'modernize-use-bool-literals', self.root / 'build')


if __name__ == '__main__':
    unittest.main()
