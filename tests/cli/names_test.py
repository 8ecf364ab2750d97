#!/usr/bin/env python3
"""--help, docs/stave.md, the manual page and the completions name the same commands and options."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import support

SOURCE = pathlib.Path(os.environ['STAVE_SOURCE'])
MANUAL_PAGE = SOURCE / 'tools/stave/stave.1'
COMPLETION = SOURCE / 'tools/stave/completion'
# Every command takes it; usage lines leave it out, as they do everywhere.
HELP = '--help'


def block(text, heading):
    """The lines below "Heading:" of a help text."""
    return re.search(rf'^{heading}:\n(.*?)\n\n', text + '\n\n', re.M | re.S).group(1)


def options_in(text):
    return set(re.findall(r'--[a-z][a-z0-9-]*', text))


def arguments_in(usage):
    """The names in capitals of a usage that do not belong to an option, in their order."""
    return re.findall(r'\b[A-Z]{2,}\b', re.sub(r'--[a-z0-9-]+ [A-Z]+', '', usage))


class HelpTest(support.CommandLineTest):
    """Has the commands of --help. Each form is {command: (set of options, list of arguments)}; the key '' is the program itself."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.help = cls.read_help()

    @staticmethod
    def help_text(*command):
        return subprocess.run([support.PROGRAM, *command, HELP], capture_output=True, text=True,
                              check=True).stdout

    @classmethod
    def read_help(cls):
        text = cls.help_text()
        forms = {'': (set(re.findall(r'^  (?:-h,)?(--[a-z0-9-]+)', block(text, 'Options'), re.M)), [])}
        for command in re.findall(r'^  ([a-z]+) ', block(text, 'Subcommands'), re.M):
            detail = cls.help_text(command)
            forms[command] = (
                set(re.findall(r'^  (?:-h,)?(--[a-z0-9-]+)', block(detail, 'Options'), re.M)),
                re.findall(r'^  ([A-Z]+) ', block(detail, 'Positionals'), re.M))
        return forms


class NamesTest(HelpTest):

    def usage_forms(self):
        """What a usage line should name, from the help."""
        return {command: (options - ({HELP} if command else set()), arguments)
                for command, (options, arguments) in self.help.items()}

    def test_the_help_is_what_this_test_can_read(self):
        self.assertIn('dump', self.help)
        self.assertEqual(self.help[''][0], {HELP, '--version', '--list-options'})
        self.assertEqual(self.help['put'][1], ['STORE', 'KEY', 'VALUE'])
        self.assertIn('--replace', self.help['put'][0])
        for options, _ in self.help.values():
            self.assertIn(HELP, options)

    def test_the_examples_of_the_help_name_what_exists(self):
        for command in self.help:
            text = self.help_text(*[command] if command else [])
            examples = re.split(r'Examples?:\n', text)[-1] if command else ''
            for used, rest in re.findall(r'stave ([a-z]+)([^|<>\n]*)', examples):
                self.assertLessEqual(options_in(rest), self.help[used][0], rest)

    def test_the_document(self):
        text = (SOURCE / 'docs/stave.md').read_text()
        sections = dict(re.findall(r'^## ([a-z]+)\n\n((?:    .*\n)+)', text, re.M))
        for command, usage in sections.items():
            self.assertTrue(usage.startswith(f'    stave {command} STORE'), usage)
        forms = {command: (options_in(usage), arguments_in(usage))
                 for command, usage in sections.items()}
        forms[''] = (options_in(re.search(r'^    stave --help.*', text, re.M).group()), [])
        self.assertEqual(forms, self.usage_forms())
        table = re.findall(r'^\| `([a-z]+) STORE', text, re.M)
        self.assertEqual(table, [command for command in self.help if command])
        # Each option is explained somewhere, outside the usages.
        prose = re.sub(r'^    .*\n', '', text, flags=re.M)
        self.assertEqual(options_in(prose), set.union(*(form[0] for form in self.help.values())))

    def test_the_document_says_to_which_commands_the_common_options_belong(self):
        text = (SOURCE / 'docs/stave.md').read_text()
        for option, names in re.findall(r'^`(--[a-z0-9-]+)[^(\n]* \(([a-z, ]+)\)$', text, re.M):
            having = {command for command, form in self.help.items() if command and option in form[0]}
            self.assertEqual({*names.split(', ')} if names != 'all' else {*self.help} - {''}, having)

    def test_the_manual_page(self):
        text = MANUAL_PAGE.read_text()
        synopsis = re.search(r'^\.Sh SYNOPSIS\n(.*?)^\.Sh', text, re.M | re.S).group(1)
        forms = {}
        for usage in synopsis.split('.Nm\n')[1:]:
            command = ''.join(re.findall(r'^\.Cm ([a-z]+)$', usage, re.M))
            options = set(re.findall(r'(?:Fl|\|) (?:Fl )?-([a-z][a-z0-9-]*)', usage))
            forms[command] = ({f'--{option}' for option in options},
                              re.findall(r'^\.(?:Op )?Ar ([A-Z]+)', usage, re.M))
        self.assertEqual(forms, self.usage_forms())
        sections = re.split(r'^\.Ss ', text, flags=re.M)
        described = {section.split('\n', 1)[0] if number else '':
                     {f'--{option}' for option in re.findall(r'^\.It Fl -([a-z0-9-]+)', section, re.M)}
                     for number, section in enumerate(sections)}
        self.assertEqual(set(described), set(self.help))
        for command, (options, _) in self.help.items():
            self.assertLessEqual(options, described[command] | described[''])
            self.assertLessEqual(described[command], set.union(
                *(form[0] for form in self.help.values())) if not command else options)

    def test_the_exit_codes_are_the_same_everywhere(self):
        in_help = re.findall(r'^  (\d|128 \+ n)  ', block(self.help_text(), 'Exit codes'), re.M)
        in_document = re.findall(r'^\| (\d|128 \+ n) \|', (SOURCE / 'docs/stave.md').read_text(), re.M)
        in_manual_page = re.findall(r'^\.It (\d|128 \+ n)$', MANUAL_PAGE.read_text(), re.M)
        self.assertEqual(len(in_help), 10)
        self.assertEqual(in_document, in_help)
        self.assertEqual(in_manual_page, in_help)

    def test_the_manual_page_is_well_formed(self):
        checkers = [['mandoc', '-Tlint', '-Wwarning', MANUAL_PAGE],
                    ['groff', '-ww', '-mandoc', '-Tutf8', '-z', MANUAL_PAGE]]
        present = [checker for checker in checkers if shutil.which(checker[0])]
        if not present:
            self.skipTest('neither mandoc nor groff is here')
        for checker in present:
            done = subprocess.run(checker, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ''), checker)


class CompletionTest(HelpTest):
    """What the shells offer, asked of the shells themselves."""

    def shell(self, *command):
        if not shutil.which(command[0]):
            self.skipTest(f'{command[0]} is not here')
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                              cwd=self.folder)
        self.assertEqual(done.stderr, '')
        return done.stdout.splitlines()

    def bash(self, *words):
        script = (f'source {COMPLETION}/stave.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_stave; printf "%s\\n" "${COMPREPLY[@]}"')
        return [word for word in self.shell('bash', '-uc', script, 'bash', 'stave', *words) if word]

    def fish(self, line):
        script = f'source {COMPLETION}/stave.fish; complete -C "stave {line}"'
        return [word.split('\t')[0] for word in self.shell('fish', '--no-config', '-c', script)]

    def zsh(self, *command):
        """What the function hands to _arguments, which zsh's own completion then offers."""
        script = ('_arguments() { print -l -- "$@"; state=$wanted }; '
                  '_describe() { print -l -- $commands }; '
                  f'words=($1); wanted=$2; source {COMPLETION}/stave.zsh')
        return self.shell('zsh', '-fc', script, 'zsh', *command)

    def test_bash(self):
        self.assertEqual(self.bash(''), [command for command in self.help if command])
        self.assertEqual(set(self.bash('-')), self.help[''][0])
        for command, (options, _) in self.help.items():
            if command:
                self.assertEqual(set(self.bash(command, 'store', '--')), options)
        (self.folder / 'stores').mkdir()
        (self.folder / 'file').write_bytes(b'')
        self.assertEqual(self.bash('get', ''), ['stores'])
        self.assertEqual(self.bash('dump', '--format', 'json', ''), ['stores'])
        self.assertEqual(self.bash('import', 'stores', ''), ['stores'])
        self.assertEqual(self.bash('get', 'stores', ''), [])
        self.assertEqual(sorted(self.bash('load', 'stores', '--file', '')), ['file', 'stores'])
        self.assertEqual(self.bash('load', '--format', 'b'), ['binary'])
        self.assertEqual(self.bash('put', '--durability', ''), ['memory', 'os', 'device'])
        self.assertEqual(self.bash('bench', '--seed', ''), [])

    def test_fish(self):
        self.assertEqual(set(self.fish('')), {command for command in self.help if command})
        self.assertEqual(set(self.fish('-')) - {'-h'}, self.help[''][0])
        for command, (options, _) in self.help.items():
            if command:
                self.assertEqual(set(self.fish(f'{command} store --')), options)
        self.assertEqual(set(self.fish('dump --format ')), {'json', 'binary'})
        self.assertEqual(set(self.fish('put --durability ')), {'memory', 'os', 'device'})

    def test_zsh(self):
        option = re.compile(r'^(?:\([^)]*\))?(--[a-z0-9-]+)\[', re.M)
        self.assertEqual(set(option.findall('\n'.join(self.zsh('', '')))), self.help[''][0])
        offered = [line.split(':')[0] for line in self.zsh('', 'command') if re.match(r'[a-z]+:', line)]
        self.assertEqual(offered, [command for command in self.help if command])
        for command, (options, arguments) in self.help.items():
            if command:
                lines = self.zsh(command, 'argument')
                lines = lines[lines.index('-s'):]  # behind those of the program itself
                self.assertEqual(set(option.findall('\n'.join(lines))), options)
                self.assertEqual([name.upper() for line in lines
                                  for name in re.findall(r'^::?([a-z]+):', line)], arguments)


if __name__ == '__main__':
    support.main()
