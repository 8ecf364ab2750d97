#!/usr/bin/env python3
"""dump and load: every byte there and back, and input that is wrong in every way."""

import base64
import json
import os
import random
import signal
import subprocess
import sys
import time

import support
from support import DAMAGED, LOCKED, MACHINE, NEGATIVE, NO_STORE, USAGE

FORMATS = ['json', 'binary']
ALL_BYTES = bytes(range(256))
BINARY_HEADER_SIZE = 24


def line(key, value):
    return json.dumps({'key': key, 'value': value}).encode() + b'\n'


class DumpLoadTest(support.CommandLineTest):

    def load(self, text, *arguments, store=None, **keywords):
        return self.run_program('load', store or self.store, *arguments, stdin=text, **keywords)

    def nasty_records(self):
        seed = int(os.environ.get('STAVE_SEED', '20261121'))
        print(f'STAVE_SEED={seed}')
        random_source = random.Random(seed)
        records = {b'': b'', b'\0': b'zero', b'a\0b': b'\0', b'empty': b'', ALL_BYTES: ALL_BYTES,
                   'é☃𝄞'.encode(): 'ü'.encode(), b'\xff\xfe': b'text', b'text': b'\xff\xfe',
                   b'\xc0\x80': b'overlong', b'\xed\xa0\x80': b'surrogate', b'"\\/\x7f\n\r': b'{}',
                   b'k' * 65535: b'longest key', b'\xff' * 65535: b'of bytes',
                   b'STAVEDMP': b'STAVEDMP\x01', b'\xef\xbb\xbf': b'\xef\xbb\xbf'}
        for size in [1, 2, 3, 48 << 10, (48 << 10) + 1, 128 << 10, 300000]:
            records[b'bytes %d' % size] = random_source.randbytes(size)
            records[b'text %d' % size] = ('é' * size).encode()
        for _ in range(300):
            records[random_source.randbytes(random_source.randrange(9))] = random_source.randbytes(
                random_source.randrange(300))
        return records

    def fill(self, records, store=None):
        text = b''.join(
            json.dumps({name + '_base64': base64.b64encode(bytes_).decode()
                        for name, bytes_ in [('key', key), ('value', value)]}).encode() + b'\n'
            for key, value in records.items())
        self.load(text, '--durability', 'os', store=store)

    def test_every_byte_comes_back(self):
        records = self.nasty_records()
        self.fill(records)
        self.assertEqual(self.records(), records)
        for format_ in FORMATS:
            dump = self.output('dump', self.store, '--format', format_)
            for batch_size in ['0', '100', '4MiB']:
                store = self.folder / f'{format_} {batch_size}'
                self.load(dump, '--batch-size', batch_size, '--durability', 'os', store=store)
                self.assertEqual(self.records(store), records)
                self.run_program('verify', store)
            self.load(dump, '--format', format_, store=self.folder / format_)
            other = FORMATS[1 - FORMATS.index(format_)]
            self.load(dump, '--format', other, store=self.folder / 'none', exit_code=DAMAGED)
            self.assertFalse((self.folder / 'none').exists())

    def test_the_dump_is_what_scan_prints(self):
        self.fill(self.nasty_records())
        scanned = self.output('scan', self.store, '--values', '--json')
        self.assertEqual(self.output('dump', self.store), scanned)
        self.load(scanned, store=self.folder / 'copy')
        self.assertEqual(self.records(self.folder / 'copy'), self.records())

    def test_a_prefix_and_files(self):
        records = {b'a/1': b'1', b'a/2': b'2', b'b\xff/1': b'3'}
        self.fill(records)
        for format_ in FORMATS:
            for prefix, expected in [('a/', 2), (r'b\xff', 1), ('none', 0), ('', 3)]:
                dump = self.folder / 'dump'
                copy = self.folder / f'{format_} {expected}'
                self.assertEqual(self.output('dump', self.store, '--format', format_, '--prefix',
                                             prefix, '--output', dump), b'')
                [summary] = self.json('load', copy, '--file', dump)
                self.assertEqual(summary['records'], expected)
                self.assertEqual(len(self.records(copy)), expected)
        self.assertEqual(self.json('load', copy, '--file', '-', stdin=line('c', 'ä'))[0]['bytes'], 3)
        self.assertIn(b'loaded 1 records, 2 bytes', self.load(line('d', 'x')).stdout)

    def test_an_empty_store(self):
        self.run_program('put', self.store, 'key', '')
        self.run_program('del', self.store, 'key')
        self.assertEqual(self.output('dump', self.store), b'')
        for format_ in FORMATS:
            dump = self.output('dump', self.store, '--format', format_)
            self.load(dump, store=self.folder / format_)
            self.assertEqual(self.records(self.folder / format_), {})

    def test_json_that_other_programs_write(self):
        text = (b'  { "value" : "\\u0000\\u00e9\\ud834\\udd1e\\/" ,\t"key_base64":"AP8=" } \r\n'
                b'{"key":"","value_base64":""}\n'
                b'{"key":"no line feed","value":""}')
        self.load(text)
        self.assertEqual(self.records(), {b'\0\xff': '\0é𝄞/'.encode(), b'': b'', b'no line feed': b''})

    def test_lines_that_are_no_records(self):
        bad = {
            b'': 'not JSON', b' ': 'not JSON', b'{': 'not JSON, at byte 2', b'nonsense': 'not JSON',
            b'{"key":"x","value":"y"': 'not JSON, at byte 23',
            b'{"key":"x","value":"y",}': 'not JSON', b'{"key":"x","value":"y"} {}': 'not JSON',
            b'{"key":"x","value":"y"}\0': 'not JSON, at byte 24',
            b'{"key":"x","value":"y"}\0garbage': 'not JSON, at byte 24',
            b'\xef\xbb\xbf{"key":"x","value":"y"}': 'not JSON, at byte 1',
            b'{"key":"\xff","value":"y"}': 'not JSON', b'{"key":"\\ud800","value":"y"}': 'not JSON',
            b'{"key":"\t","value":"y"}': 'not JSON', b'{"key":"\\q","value":"y"}': 'not JSON',
            b"{'key':'x','value':'y'}": 'not JSON', b'{"key":"x","value":"y"}//': 'not JSON',
            b'{"key":"x","value":1e999}': 'not JSON',
            b'[]': 'is a JSON object', b'"x"': 'is a JSON object', b'null': 'is a JSON object',
            b'1': 'is a JSON object', b'-1.5': 'is a JSON object', b'true': 'is a JSON object',
            b'{}': 'no "key"', b'{"key":"x"}': 'no "value"', b'{"value":"x"}': 'no "key"',
            b'{"key":1,"value":"y"}': '"key" is not a string',
            b'{"key":"x","value":null}': '"value" is not a string',
            b'{"key":"x","value":-1}': '"value" is not a string',
            b'{"key":"x","value":0.5}': '"value" is not a string',
            b'{"key":"x","value":false}': '"value" is not a string',
            b'{"key":"x","value":["y"]}': '"value" is not a string',
            b'{"key":"x","value":{"key":"y"}}': '"value" is not a string',
            b'{"key":"x","value":"y","more":"z"}': '"more" is no member',
            b'{"key":"x","value":"y","\\u001b[2J":1}': r'"\x1b[2J" is no member',
            b'{"Key":"x","value":"y"}': '"Key" is no member',
            b'{"key":"x","key":"x","value":"y"}': 'the key comes twice',
            b'{"key":"x","value":"y","value_base64":""}': 'the value comes twice',
            b'{"key":"x","value_base64":"QQ"}': '"value_base64" is not Base64',
            b'{"key":"x","value_base64":"QR=="}': '"value_base64" is not Base64',
            b'{"key":"x","value_base64":"QQ==\\n"}': '"value_base64" is not Base64',
            b'{"key_base64":"Q_==","value":"y"}': '"key_base64" is not Base64',
            b'{"key":"' + b'x' * 65536 + b'","value":"y"}': '65536 bytes',
        }
        for number, (text, problem) in enumerate(bad.items()):
            store = self.folder / f'store {number}'
            result = self.load(line('a', '1') + line('b', '2') + text + b'\n' + line('c', '3'),
                               store=store, exit_code=DAMAGED)
            self.assertIn(b'standard input, line 3: ', result.stderr)
            self.assertIn(problem, result.stderr.decode())
            self.assertIn(b'2 records', result.stderr)
            self.assertEqual(result.stdout, b'')
            self.assertEqual(self.records(store), {b'a': b'1', b'b': b'2'})
            if text:
                result = self.load(text, store=self.folder / 'none', exit_code=DAMAGED)
                self.assertIn(b'line 1: ', result.stderr)
        self.assertFalse((self.folder / 'none').exists())

    def test_binary_input_that_is_cut_or_damaged(self):
        records = {b'key %d' % number: os.urandom(100) for number in range(50)}
        self.fill(records)
        dump = self.output('dump', self.store, '--format', 'binary')
        middle = len(dump) // 2
        wrong = {'cut': dump[:middle], 'only the header': dump[:BINARY_HEADER_SIZE],
                 'without its end': dump[:-24], 'flipped': dump[:middle] + bytes([dump[middle] ^ 1]) +
                 dump[middle + 1:], 'longer': dump + b'\0', 'twice': dump + dump}
        for name, text in wrong.items():
            source = self.folder / 'dump'
            source.write_bytes(text)
            store = self.folder / name
            result = self.run_program('load', store, '--file', source, exit_code=DAMAGED)
            self.assertRegex(result.stderr.decode(), rf"'{source}', offset \d+: ")
            if name == 'only the header':
                self.assertFalse(store.exists())
                continue
            stored = self.records(store)
            self.assertIn(f'{len(stored)} records', result.stderr.decode())
            self.assertLessEqual(stored.items(), records.items())
        self.assertEqual(len(stored), 50)

    def test_keys_that_exist(self):
        self.run_program('put', self.store, 'b', 'old')
        text = line('a', '1') + line('b', '2') + line('c', '3')
        for batch_size in ['0', '1MiB']:
            result = self.load(text if batch_size == '0' else text[len(line('a', '1')):],
                               '--batch-size', batch_size, exit_code=NEGATIVE)
            self.assertIn(b"there is a key 'b' already", result.stderr)
            self.assertIn(b'--overwrite', result.stderr)
            self.assertEqual(self.records(), {b'a': b'1', b'b': b'old'})
        self.load(text, '--overwrite')
        self.assertEqual(self.records(), {b'a': b'1', b'b': b'2', b'c': b'3'})

    def test_keys_that_come_twice(self):
        text = line('a', '1') + line('b', 'x' * 2000) + line('a', '2' * 2000) + line('a', '3')
        for number, batch_size in enumerate(['0', '1000', '3000', '1MiB']):
            store = self.folder / f'{number}'
            result = self.load(text, '--batch-size', batch_size, store=store, exit_code=NEGATIVE)
            self.assertIn(b'line 3: ', result.stderr)
            self.assertEqual(self.records(store), {b'a': b'1', b'b': b'x' * 2000})
            # The last counts, however the records are cut into writes.
            self.load(text, '--batch-size', batch_size, '--overwrite', store=store)
            self.assertEqual(self.records(store), {b'a': b'3', b'b': b'x' * 2000})

    def test_batches_share_a_commit(self):
        text = b''.join(line(f'{number}', 'x' * 100) for number in range(1000))
        self.load(text, '--durability', 'device')
        [stat] = self.json('stat', self.store)
        self.assertEqual((stat['keys'], stat['version']), (1000, 1))
        self.load(text, '--batch-size', '0', '--durability', 'os', store=self.folder / 'single')
        [stat] = self.json('stat', self.folder / 'single')
        self.assertEqual((stat['keys'], stat['version']), (1000, 1000))

    def test_large_values_in_bounded_memory(self):
        """64 MiB comes back; many large values take no more memory than a few."""
        value = os.urandom(1 << 20) * 64
        self.run_program('put', self.store, 'large', stdin=value)
        for format_ in FORMATS:
            dump, copy = self.folder / 'dump', self.folder / format_
            self.run_program('dump', self.store, '--format', format_, '--output', dump)
            self.run_program('load', copy, '--file', dump, '--durability', 'os')
            self.assertEqual(self.output('get', copy, 'large'), value)
        many = b''.join(line(f'{number}', 'x' * (1 << 20)) for number in range(64))
        # Mapped pages of the files would count as resident, but belong to the page cache.
        options = ['--options', 'segment_size=8MiB io=buffered', '--durability', 'os']
        self.assertLess(self.peak_memory(['load', self.folder / 'many', *options], many), 48 << 20)
        for format_ in FORMATS:
            peak = self.peak_memory(['dump', self.folder / 'many', '--options', 'io=buffered',
                                     '--format', format_], b'')
            self.assertLess(peak, 24 << 20)

    def peak_memory(self, arguments, stdin):
        """The largest resident size in bytes of a run of the program, whose output is dropped."""
        script = ('import resource, subprocess, sys\n'
                  'subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n'
                  'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n')
        done = subprocess.run([sys.executable, '-c', script, support.PROGRAM, *arguments],
                              input=stdin, capture_output=True, check=True)
        return int(done.stderr.splitlines()[-1]) * 1024

    def test_a_damaged_store_is_not_dumped_in_silence(self):
        self.fill({b'good': b'1', b'bad': b'A' * 5000})
        [segment] = self.store.glob('*.segment')
        data = segment.read_bytes()
        segment.write_bytes(data.replace(b'A' * 5000, b'A' * 2500 + b'B' + b'A' * 2499))
        for format_ in FORMATS:
            result = self.run_program('dump', self.store, '--format', format_, exit_code=DAMAGED)
            self.assertIn(segment.name.encode(), result.stderr)

    def test_usage_and_absent_files(self):
        self.run_program('dump', self.store, exit_code=NO_STORE)
        self.run_program('load', self.store, '--file', self.folder / 'missing', exit_code=MACHINE)
        self.run_program('load', self.store, '--file', self.folder, exit_code=MACHINE)
        self.run_program('load', self.store, '--format', 'xml', exit_code=USAGE)
        self.run_program('load', self.store, '--batch-size', '2GiB', exit_code=USAGE)
        self.run_program('load', self.store, '--durability', 'maybe', stdin=line('a', ''),
                         exit_code=USAGE)
        self.run_program('load', self.folder / 'no' / 'parent', exit_code=NO_STORE)
        self.assertFalse(self.store.exists())
        self.load(line('a', ''))
        self.run_program('dump', self.store, '--format', 'xml', exit_code=USAGE)
        self.run_program('dump', self.store, '--output', self.folder, exit_code=MACHINE)
        for format_ in FORMATS:
            result = self.run_program('dump', self.store, '--format', format_, '--output',
                                      '/dev/full', exit_code=MACHINE)
            self.assertIn(b"'/dev/full'", result.stderr)

    def test_a_dump_into_a_closed_pipe_and_a_load_beside_a_reader(self):
        self.fill({b'%d' % number: os.urandom(100000) for number in range(20)})
        dump = subprocess.Popen([support.PROGRAM, 'dump', self.store], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        dump.stdout.read(1)  # it has the store open
        result = self.run_program('load', self.store, stdin=line('a', ''), exit_code=LOCKED)
        self.assertIn(b'locked', result.stderr)
        self.assertTrue(self.output('dump', self.store).endswith(b'}\n'))
        dump.stdout.close()
        self.assertIn(b'standard output', dump.stderr.read())
        dump.stderr.close()
        self.assertEqual(dump.wait(timeout=60), MACHINE)

    def test_interrupts(self):
        load = subprocess.Popen([support.PROGRAM, 'load', self.store], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        load.stdin.write(line('a', '1') + line('b', '2'))
        load.stdin.flush()
        while not self.store.exists():
            time.sleep(0.01)
        load.send_signal(signal.SIGTERM)
        output, errors = load.communicate(line('c', '3') + b'nonsense\n', timeout=60)
        self.assertEqual(load.returncode, 128 + signal.SIGTERM, errors)
        self.assertRegex(output, rb'loaded [0-3] records')
        self.assertIn(b'interrupted', errors)
        [stat] = self.json('stat', self.store)
        self.assertFalse(stat['recovered'])

        self.fill({b'%d' % number: os.urandom(100000) for number in range(20)},
                  self.folder / 'large')
        dump = subprocess.Popen([support.PROGRAM, 'dump', self.folder / 'large', '--format', 'binary'],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        first = dump.stdout.read(1)
        dump.send_signal(signal.SIGINT)
        time.sleep(0.2)  # the pipe is full and stays so until the handler has run
        output, errors = dump.communicate(timeout=60)
        self.assertEqual(dump.returncode, 128 + signal.SIGINT, errors)
        self.assertIn(b'not complete', errors)
        result = self.load(first + output, store=self.folder / 'copy', exit_code=DAMAGED)
        self.assertIn(b'cut off', result.stderr)


if __name__ == '__main__':
    support.main()
