#!/usr/bin/env python3
"""cas, update, expire, and --expires: changes of a record that is there."""

import time

import support
from support import NEGATIVE, NO_STORE, USAGE

YEAR_2100 = '4102444800000'


class UpdateTest(support.CommandLineTest):

    def put(self, key, value, *arguments):
        self.run_program('put', self.store, key, value, '--durability', 'os', *arguments)

    def value(self, key):
        return self.output('get', self.store, key)

    def expires_at(self, key):
        [record] = self.json('get', self.store, key)
        return record.get('expires_at')

    def test_cas_replaces_the_expected_value_only(self):
        self.put('key', 'a')
        self.run_program('cas', self.store, 'key', 'a', 'b')
        result = self.run_program('cas', self.store, 'key', 'a', 'c', exit_code=NEGATIVE)
        self.assertIn(b"'key' has another value", result.stderr)
        self.assertEqual(self.value('key'), b'b')
        self.run_program('cas', self.store, '--hex', b'key'.hex(), b'b'.hex(), '00ff')
        self.assertEqual(self.value('key'), b'\x00\xff')
        result = self.run_program('cas', self.store, 'other', '', '', exit_code=NEGATIVE)
        self.assertIn(b"'other'", result.stderr)

    def test_update_adds_to_a_number(self):
        self.put('count', '5')
        self.assertEqual(self.output('update', self.store, 'count', '--add', '37'), b'42')
        self.assertEqual(self.output('update', self.store, 'count', '--add', '-50'), b'-8')
        self.assertEqual(self.output('update', self.store, 'count', '--add', '9223372036854775807'),
                         b'9223372036854775799')
        self.run_program('update', self.store, 'count', '--add', '9', exit_code=USAGE)
        self.assertEqual(self.value('count'), b'9223372036854775799')
        self.put('word', '12 ')
        result = self.run_program('update', self.store, 'word', '--add', '1', exit_code=USAGE)
        self.assertIn(b"'word' is not a decimal integer", result.stderr)
        self.assertEqual(self.value('word'), b'12 ')
        self.run_program('update', self.store, 'count', '--add', '1.5', exit_code=USAGE)
        self.run_program('update', self.store, 'none', '--add', '1', exit_code=NEGATIVE)

    def test_update_appends_any_bytes(self):
        self.put('log', '')
        self.assertEqual(self.output('update', self.store, 'log', '--append', 'a'), b'a')
        self.assertEqual(self.output('update', self.store, '--escaped', 'log', '--append', r'\n\x00'),
                         b'a\n\0')
        self.assertEqual(self.output('update', self.store, 'log', '--append', ''), b'a\n\0')
        self.assertEqual(self.value('log'), b'a\n\0')

    def test_update_needs_one_change(self):
        self.put('key', '1')
        self.run_program('update', self.store, 'key', exit_code=USAGE)
        self.run_program('update', self.store, 'key', '--add', '1', '--append', 'x', exit_code=USAGE)
        self.assertEqual(self.value('key'), b'1')

    def test_a_key_expires(self):
        self.put('key', 'a', '--expires', YEAR_2100)
        self.assertEqual(self.expires_at('key'), int(YEAR_2100))
        self.output('update', self.store, 'key', '--append', 'b')
        self.assertEqual(self.expires_at('key'), int(YEAR_2100))
        self.run_program('cas', self.store, 'key', 'ab', 'c', '--expires', '4102444800001')
        self.assertEqual(self.expires_at('key'), 4102444800001)
        self.run_program('expire', self.store, 'key', 'never')
        self.assertIsNone(self.expires_at('key'))
        before = time.time() * 1000
        self.run_program('expire', self.store, 'key', '+3600')
        self.assertTrue(before - 1 <= self.expires_at('key') - 3600000 <= time.time() * 1000 + 1)
        self.run_program('expire', self.store, 'key', '1')
        self.run_program('get', self.store, 'key', exit_code=NEGATIVE)
        self.run_program('expire', self.store, 'key', 'never', exit_code=NEGATIVE)

    def test_what_has_expired_is_absent(self):
        self.put('key', 'a', '--expires', '1')
        self.put('other', 'b', '--options', 'default_ttl=60000')
        for command in (['get', self.store, 'key'], ['del', self.store, 'key'],
                        ['cas', self.store, 'key', 'a', 'b'],
                        ['update', self.store, 'key', '--append', 'x']):
            self.run_program(*command, exit_code=NEGATIVE)
        self.assertEqual(self.records(), {b'other': b'b'})
        self.assertIsNotNone(self.expires_at('other'))
        self.put('key', 'c', '--insert')
        self.assertEqual(self.value('key'), b'c')

    def test_what_is_no_time_is_a_usage_error_and_creates_nothing(self):
        for text in ['', '0', '-5', '+', '+-1', '+1.5', '1s', 'soon', '18446744073709551616',
                     '+18446744073709551']:
            self.run_program('put', self.store, 'key', '', f'--expires={text}', exit_code=USAGE)
            self.run_program('expire', self.store, 'key', '--', text, exit_code=USAGE)
        self.run_program('put', self.store, 'key', '', '--expires', '', exit_code=USAGE)
        self.assertFalse(self.store.exists())

    def test_none_of_them_creates_a_store(self):
        for command in (['cas', self.store, 'key', '', ''],
                        ['update', self.store, 'key', '--add', '1'],
                        ['expire', self.store, 'key', 'never']):
            self.run_program(*command, exit_code=NO_STORE)
        self.assertFalse(self.store.exists())


if __name__ == '__main__':
    support.main()
