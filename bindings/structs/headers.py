"""The options and statistics of the public C headers, and what C does not know of them."""

import collections
import re
import textwrap

# What a family's options and statistics are about, when the library checks the options, and an example:
# as text, in Java, in C#.
Family = collections.namedtuple('Family', 'noun done text java csharp')
FAMILIES = {
    'store': Family(
        'a store', 'opened', 'durability=os segment_size=64MiB',
        '.durability(Durability.OS).segmentSize(64 << 20)',
        'Durability = Durability.OS, SegmentSize = 64 << 20'),
    'index': Family(
        'an index', 'made', 'value_bits=44 capacity=1000000',
        '.valueBits(44).capacity(1_000_000)', 'ValueBits = 44, Capacity = 1000000'),
    'cow_map': Family(
        'a map', 'made', 'values=fixed value_size=8', '.values(ValueMode.FIXED).valueSize(8)',
        'Values = ValueMode.Fixed, ValueSize = 8'),
    'disk_index': Family(
        'a disk index', 'opened', 'record_size=8 create_parents=1',
        '.recordSize(8).createParents(true)', 'RecordSize = 8, CreateParents = true'),
    'memtable': Family(
        'a memtable', 'made', 'timestamps=explicit capacity=1000000',
        '.timestamps(Timestamps.EXPLICIT).capacity(1_000_000)',
        'Timestamps = TimestampMode.Explicit'),
}
NOTES = {
    'stave_index_stats': ' Beside writes they are close, but not all of one moment. The load is '
                         'entries / slots, the average probe probe_sum / probe_samples.',
}
# Members that are enumerations: their type in Java, C#, Go.
ENUMS = {
    ('store', 'durability'): ('Durability', 'Durability', 'Durability'),
    ('store', 'io'): ('IoMode', 'IOMode', 'IO'),
    ('store', 'keydir'): ('KeyDirectory', 'KeyDirectory', 'KeyDirectory'),
    ('index', 'key_mode'): ('KeyMode', 'KeyMode', 'KeyMode'),
    ('cow_map', 'values'): ('ValueMode', 'ValueMode', 'ValueMode'),
    ('memtable', 'timestamps'): ('Timestamps', 'TimestampMode', 'Timestamps'),
}
# Numbers of which all 64 bits count.
UNSIGNED = {'seed', 'lsn', 'timestamp'}

Member = collections.namedtuple('Member', 'name type array comment')
Struct = collections.namedtuple('Struct', 'name family kind members')

STRUCT = re.compile(r'typedef struct (stave_(\w+?)_((?:cursor_)?options|(?:shard_)?stats)) \{(.*?)\n\}', re.S)
MEMBER = re.compile(r'(const void \*|\w+\s+)(\w+)(?:\[(\d+)\])?;\s*(?:/\*(.*?)\*/)?', re.S)


def read(headers):
    """All options and statistics of the headers."""
    structs = []
    for header in headers:
        for name, family, kind, body in STRUCT.findall(header.read_text(encoding='utf-8')):
            if family in FAMILIES:
                structs.append(Struct(name, family, kind, [
                    Member(member, type.strip(), int(array or 0), ' '.join(comment.split()))
                    for type, member, array, comment in MEMBER.findall(body)]))
    return structs


def members_of(struct):
    """The members that a user sees."""
    return [member for member in struct.members
            if member.name not in ('struct_size', 'reserved')]


def pascal(name):
    return ''.join(word.capitalize() for word in name.split('_'))


def camel(name):
    return name[0] + pascal(name)[1:]


class Language:
    """How a language writes names and documentation."""

    def __init__(self, case, special, methods, by_name=False, escaped=True):
        self.case, self.special, self.methods = case, special, methods
        self.by_name, self.escaped = by_name, escaped

    def name(self, member):
        return self.special.get(member, self.case(member))

    def documentation(self, member):
        """The comment of a member as a sentence that begins with its name."""
        comment = member.comment.rstrip('.,:')
        comment = re.sub(r'(See "[^"]*") above', r'\1 in the C header', comment)
        if member.type == 'uint8_t':
            comment = re.sub(r'(?i)\b(default|with) 1\b', r'\1 true', comment)
            comment = re.sub(r'(?i)\b(default|with) 0\b', r'\1 false', comment)
            comment = re.sub(r'^1: ', '', comment)
            comment = re.sub(r'\b1: ', 'true: ', re.sub(r'\b0: ', 'false: ', comment))
        text = self.name(member.name) if self.by_name else member.name.replace('_', ' ').capitalize()
        if comment:
            text += (' ' if re.match('of (?!these)', comment) else ': ') + comment
        return self.text(text) + '.'

    def text(self, text):
        """`text` with the names of C in it as this language has them."""
        def renamed(match):
            of, name = re.match('(?:stave_(cow_map|disk_index|[a-z]+)_)?(.*)', match[0]).groups()
            name = self.methods.get(name) or self.name(name)
            return f'{pascal(of)}.{name}' if of else name
        text = re.sub(r'\b[a-z]+(_[a-z]+)+\b', renamed, text)
        return text.replace('&', '&amp;').replace('<', '&lt;') if self.escaped else text


def wrapped(text, indent, prefix, width=100):
    lead = ' ' * indent + prefix
    return '\n'.join(textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=lead))


def figures(struct, language):
    noun = FAMILIES[struct.family].noun
    if struct.kind == 'shard_stats':
        noun = 'one shard of ' + noun
    return f'Figures of {noun} at one moment.' + language.text(NOTES.get(struct.name, ''))
