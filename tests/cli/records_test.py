#!/usr/bin/env python3
"""put, get, del, scan: bytes of every kind in and out, in every notation."""

import base64
import json
import os
import random
import subprocess

import support
from support import NEGATIVE, USAGE

ALL_BYTES = bytes(range(256))


class RecordsTest(support.CommandLineTest):

    def test_a_value_comes_back_as_it_is_and_nothing_else(self):
        for value in [b'', b'x', b'line\n', b'\0', ALL_BYTES * 5000]:
            self.run_program('put', self.store, 'key', stdin=value)
            self.assertEqual(self.output('get', self.store, 'key'), value)

    def test_a_value_as_argument_or_file(self):
        self.run_program('put', self.store, 'argument', 'value')
        self.assertEqual(self.output('get', self.store, 'argument'), b'value')
        self.run_program('put', self.store, 'empty', '', stdin=b'not read')
        self.assertEqual(self.output('get', self.store, 'empty'), b'')
        source = self.folder / 'source'
        source.write_bytes(ALL_BYTES)
        self.run_program('put', self.store, 'file', '--file', source)
        target = self.folder / 'target'
        self.assertEqual(self.output('get', self.store, 'file', '--output', target), b'')
        self.assertEqual(target.read_bytes(), ALL_BYTES)
        self.run_program('put', self.store, 'dash', '--file', '-', stdin=b'piped')
        self.assertEqual(self.output('get', self.store, 'dash'), b'piped')

    def test_keys_in_every_notation(self):
        key = b'line\n\0\xff\\end'
        self.run_program('put', self.store, '--hex', key.hex(), b'one'.hex())
        self.assertEqual(self.output('get', self.store, '--escaped', r'line\n\x00\xFF\\end'), b'one')
        encoded = base64.b64encode(key)
        self.assertEqual(self.output('get', self.store, '--base64', encoded), b'one')
        self.assertEqual(self.output('scan', self.store), rb'line\n\x00\xff\\end' + b'\n')
        self.run_program('del', self.store, '--base64', encoded)
        self.assertEqual(self.output('scan', self.store), b'')

    def test_keys_that_look_like_something_else(self):
        keys = ['', '-', '--', '-k', '--help', '[a]', '[a,b]', '{}', '"q"', 'a=b', 'get', ' ', '%%']
        for key in keys:
            self.run_program('put', self.store, '--', key, 'value of ' + key)
        for key in keys:
            value = self.output('get', self.store, '--', key)
            self.assertEqual(value.decode(), 'value of ' + key)
        self.assertEqual(len(self.records()), len(keys))

    def test_arguments_that_are_not_utf8(self):
        self.run_program('put', self.store, b'\xff\xfe', b'\x80')
        self.assertEqual(self.records(), {b'\xff\xfe': b'\x80'})

    def test_bad_notation_is_a_usage_error_and_creates_nothing(self):
        bad = [('--hex', 'abc'), ('--hex', 'zz'), ('--base64', 'QQ'), ('--base64', 'QR=='),
               ('--base64', 'Q==='), ('--escaped', r'\q'), ('--escaped', r'\x4'), ('--escaped', '\\')]
        for flag, text in bad:
            self.run_program('put', self.store, flag, text, '', exit_code=USAGE)
        self.assertFalse(self.store.exists())

    def test_base64_of_every_length(self):
        for size in range(12):
            key = ALL_BYTES[250 - size:250]
            self.run_program('put', self.store, '--base64', base64.b64encode(key), '')
        self.assertEqual(set(self.records()), {ALL_BYTES[250 - size:250] for size in range(12)})

    def test_absent_keys_are_exit_code_1(self):
        self.run_program('put', self.store, 'key', 'value')
        for command in ['get', 'del']:
            result = self.run_program(command, self.store, 'other', exit_code=NEGATIVE)
            self.assertEqual(result.stdout, b'')
            self.assertIn(b"'other'", result.stderr)
        self.run_program('del', self.store, 'key')
        self.run_program('get', self.store, 'key', exit_code=NEGATIVE)

    def test_insert_and_replace(self):
        self.run_program('put', self.store, 'key', 'a', '--replace', exit_code=NEGATIVE)
        self.run_program('put', self.store, 'key', 'b', '--insert')
        self.run_program('put', self.store, 'key', 'c', '--insert', exit_code=NEGATIVE)
        self.assertEqual(self.output('get', self.store, 'key'), b'b')
        self.run_program('put', self.store, 'key', 'd', '--replace')
        self.assertEqual(self.output('get', self.store, 'key'), b'd')
        self.run_program('put', self.store, 'key', '', '--insert', '--replace', exit_code=USAGE)

    def test_limits_of_a_key(self):
        self.run_program('put', self.store, 'k' * 65535, 'longest')
        self.assertEqual(self.output('get', self.store, 'k' * 65535), b'longest')
        self.run_program('put', self.store, 'k' * 65536, '', exit_code=USAGE)

    def test_scan_prefix_limit_and_values(self):
        for number in range(20):
            self.run_program('put', self.store, f'user:{number}', f'name\t{number}', '--durability',
                             'os')
        self.run_program('put', self.store, 'other', '')
        keys = self.output('scan', self.store, '--prefix', 'user:').splitlines()
        self.assertEqual(sorted(keys), sorted(b'user:%d' % number for number in range(20)))
        self.assertEqual(len(self.output('scan', self.store, '--limit', '7').splitlines()), 7)
        self.assertEqual(self.output('scan', self.store, '--limit', '0'), b'')
        self.assertEqual(self.output('scan', self.store, '--prefix', r'user\x3a7', '--values'),
                         b'user:7\tname\\t7\n')
        self.assertEqual(self.output('scan', self.store, '--prefix', 'nobody'), b'')

    def test_json_is_faithful_for_any_bytes(self):
        seed = int(os.environ.get('STAVE_SEED', '20261121'))
        print(f'STAVE_SEED={seed}')
        random_source = random.Random(seed)
        expected = {'é☃𝄞'.encode(): 'ü'.encode(), b'\x00\x1f"\\/\x7f': b'control',
                    b'\xc0\x80': b'overlong', b'\xed\xa0\x80': b'surrogate',
                    b'\xf4\x90\x80\x80': b'beyond', b'cut \xe2\x98': b'\xff', b'': b''}
        for _ in range(20):
            key, value = (random_source.randbytes(random_source.randrange(1, 9)) for _ in range(2))
            expected[key] = value
        for key, value in expected.items():
            self.run_program('put', self.store, '--hex', key.hex(), value.hex(), '--durability', 'os')
        self.assertEqual(self.records(), expected)
        for record in self.json('scan', self.store, '--values'):
            self.assertEqual(len(record), 2)  # never both key and key_base64
        self.assertEqual(self.json('get', self.store, 'é☃𝄞'), [{'key': 'é☃𝄞', 'value': 'ü'}])
        self.assertEqual(self.json('get', self.store, '--hex', 'c080'),
                         [{'key_base64': 'wIA=', 'value': 'overlong'}])

    def test_scan_into_a_closed_pipe_ends(self):
        self.run_program('put', self.store, 'key', stdin=b'x' * 1000000)
        scan = subprocess.Popen([support.PROGRAM, 'scan', self.store, '--values'],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        scan.stdout.close()
        self.assertNotEqual(scan.wait(timeout=60), 0)

    def test_stat_and_verify(self):
        for number in range(5):
            self.run_program('put', self.store, f'{number}', 'x' * 1000)
        self.run_program('del', self.store, '0')
        [stat] = self.json('stat', self.store)
        self.assertEqual(stat['keys'], 4)
        self.assertEqual(stat['version'], 6)
        self.assertFalse(stat['recovered'])
        self.assertGreater(stat['log_bytes'], stat['live_bytes'])
        self.assertGreaterEqual(stat['live_bytes'], 4 * 1001)
        self.assertGreaterEqual(stat['disk_bytes'], stat['log_bytes'])
        text = self.output('stat', self.store).decode()
        for name in ['keys', 'segments', 'log', 'live', 'on disk', 'cut off', 'open time']:
            self.assertIn(f'\n{name} ', '\n' + text)
        [verified] = self.json('verify', self.store)
        self.assertTrue(verified['ok'])
        self.assertEqual(verified['keys'], 4)
        self.assertIn('sound: 4 keys', self.output('verify', self.store).decode())

    def test_options_reach_the_store(self):
        for number in range(3):
            self.run_program('put', self.store, f'{number}', '--options', 'shards=4 segment_size=4KiB',
                             stdin=b'x' * 4000)
        [stat] = self.json('stat', self.store)
        self.assertEqual(stat['shards'], 4)
        self.assertGreaterEqual(stat['segments'], 3)


if __name__ == '__main__':
    support.main()
