"""Tests of notation.py."""

import random
import unittest

import notation


class ExpandTest(unittest.TestCase):
    def test_lines_without_bytes_stay(self):
        self.assertEqual(notation.expand("db close"), "db close")
        self.assertEqual(notation.expand('db put "k" "v"'), 'db put "k" "v"')

    def test_fill_repeats_and_cuts_the_unit(self):
        self.assertEqual(notation.expand('ok fill(3,"a")'), 'ok "aaa"')
        self.assertEqual(notation.expand('ok fill(5,"\\x00b")'), 'ok "\\x00b\\x00b\\x00"')
        self.assertEqual(notation.expand('ok fill(0,"a")'), 'ok ""')

    def test_pieces_join(self):
        self.assertEqual(notation.expand('x "a"+fill(2,"b")+"c" "d"'), 'x "abbc" "d"')

    def test_a_plus_in_quotes_joins_nothing(self):
        self.assertEqual(notation.expand('x "a" "+" "b"'), 'x "a" "+" "b"')
        self.assertEqual(notation.expand('x "+"+"+"'), 'x "++"')

    def test_fill_in_quotes_is_text(self):
        self.assertEqual(notation.expand('x "fill(2,b)"'), 'x "fill(2,b)"')

    def test_an_empty_unit_is_an_error(self):
        with self.assertRaises(notation.NotationError):
            notation.expand('x fill(1,"")')


class ShortenTest(unittest.TestCase):
    def test_short_lines_stay(self):
        line = 'ok "' + "a" * 63 + '"'
        self.assertEqual(notation.shorten(line), line)

    def test_runs_and_periods(self):
        for text in (
            'ok fill(64,"a")', 'ok fill(65536,"\\x00")', 'ok fill(100,"abc")',
            'ok "head"+fill(64,"x")+"tail"', '  fill(64,"k") = fill(70,"\\xffv")',
        ):
            self.assertEqual(notation.shorten(notation.expand(text)), text)

    def test_is_the_inverse_of_expand_for_any_bytes(self):
        random.seed(1)
        for _ in range(300):
            data = b"".join(
                random.choice([b"\x00", b"a", b'"', b"\\", b"xyz"]) * random.choice([1, 2, 90])
                for _ in range(random.randrange(8))
            )
            line = "ok " + notation.quote(data)
            self.assertEqual(notation.expand(notation.shorten(line)), line)


class QuoteTest(unittest.TestCase):
    def test_all_bytes_survive(self):
        data = bytes(range(256))
        self.assertEqual(notation.unquote(notation.quote(data)), data)

    def test_only_one_spelling(self):
        for literal in ('"\\x0A"', '"\\n"', '"\\"', '"\n"', "a", '"\\x4"'):
            with self.assertRaises(notation.NotationError):
                notation.unquote(literal)

    def test_check_finds_bad_bytes_and_open_quotes(self):
        notation.check('db put "a b" fill(3,"\\x00")')
        for line in ('db put "\\q"', 'db put "a', 'db put "\t"'):
            with self.assertRaises(notation.NotationError):
                notation.check(line)

    def test_split(self):
        self.assertEqual(
            notation.split('c = db cursor "a b" keys_only'),
            ["c", "=", "db", "cursor", '"a b"', "keys_only"],
        )


if __name__ == "__main__":
    unittest.main()
