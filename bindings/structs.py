#!/usr/bin/env python3
"""Writes the options and the statistics of every family in Java, C# or Go.

    structs.py java FOLDER HEADERS      a class each, and what the native layer copies (structs.h)
    structs.py csharp FILE HEADERS      the structs as C has them, and a class each
    structs.py go FILE HEADERS          a struct each; committed, since users build without this script

The table is the public C headers: the members of each stave_*_options and stave_*_stats, and the comment
of each member, which becomes its documentation. What C does not know stands below.
"""

import argparse
import collections
import pathlib
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

    def __init__(self, case, special, methods, escaped=True):
        self.case, self.special, self.methods, self.escaped = case, special, methods, escaped

    def name(self, member):
        return self.special.get(member, self.case(member))

    def documentation(self, member):
        """The comment of a member as a sentence that begins with its name."""
        comment = member.comment.rstrip('.,:')
        if member.type == 'uint8_t':
            comment = re.sub(r'(?i)\b(default|with) 1\b', r'\1 true', comment)
            comment = re.sub(r'(?i)\b(default|with) 0\b', r'\1 false', comment)
            comment = re.sub(r'^1: ', '', comment)
            comment = re.sub(r'\b1: ', 'true: ', re.sub(r'\b0: ', 'false: ', comment))
        text = self.name(member.name) if self is GO else member.name.replace('_', ' ').capitalize()
        if comment:
            text += (' ' if re.match('of (?!these)', comment) else ': ') + comment
        return self.text(text) + '.'

    def text(self, text):
        """`text` with the names of C in it as this language has them."""
        def renamed(match):
            name = re.sub('^stave_(cow_map|disk_index|[a-z]+)_', '', match[0])
            return self.methods.get(name) or self.name(name)
        text = re.sub(r'\b[a-z]+(_[a-z]+)+\b', renamed, text)
        return text.replace('&', '&amp;').replace('<', '&lt;') if self.escaped else text


def wrapped(text, indent, prefix, width=100):
    lead = ' ' * indent + prefix
    return '\n'.join(textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=lead))


# ---- Java ----------------------------------------------------------------------------------------

JAVA = Language(camel, {'keydir': 'keyDirectory'}, {})


def java_doc(text, indent=2):
    lead = ' ' * indent
    return (f'{lead}/**\n' + wrapped(text, indent, ' * ') + f'\n{lead} */\n')


def java_options(struct):
    family, name = FAMILIES[struct.family], pascal(struct.family) + 'Options'
    members = members_of(struct)
    parts = [f'''// Generated by bindings/structs.py from the C headers.
package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How {family.noun} is {family.done}. A new object has the defaults; the methods that set something return
 * the object. The library checks the values when {family.noun} is {family.done}.
 *
 * <pre>{{@code
 * new {name}(){family.java}
 * new {name}().set("{family.text}")
 * }}</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class {name} {{
  /** As the native code takes them. */
  final long[] members = new long[{len(members)}];

  /** The defaults. */
  public {name}() {{
    Raw.{struct.name}_init(members);
  }}

  /**
   * Sets options from text such as {{@code "{family.text}"}}, separated by
   * spaces or commas. {{@link #describe}} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public {name} set(String text) {{
    Raw.{struct.name}_set(members, Arguments.text(text, "text"));
    return this;
  }}

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {{
    return new String(Raw.{struct.name}_describe(), StandardCharsets.UTF_8);
  }}
''']
    texts = []
    for i, member in enumerate(members):
        enum = ENUMS.get((struct.family, member.name))
        own, text = JAVA.name(member.name), f'Long.toUnsignedString(members[{i}])'
        if enum:
            kind, to, back, text = (
                enum[0], f'Objects.requireNonNull({own}, "{own}").number',
                f'{enum[0]}.of(members[{i}])', f'{own}()')
        elif member.type == 'uint8_t':
            kind, to, back = 'boolean', f'{own} ? 1 : 0', f'members[{i}] != 0'
        elif member.type == 'uint32_t':
            kind, to, back = 'int', own, f'(int) members[{i}]'
        else:
            kind, to, back = 'long', own, f'members[{i}]'
        texts.append(f'"{" " if i else ""}{member.name}=" + {text}')
        parts.append(java_doc(JAVA.documentation(member)) + f'''  public {name} {own}({kind} {own}) {{
    members[{i}] = {to};
    return this;
  }}

  /** What {{@link #{own}({kind})}} sets. */
  public {kind} {own}() {{
    return {back};
  }}
''')
    parts.append('''  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return ''' + '\n        + '.join(texts) + ';\n  }\n}\n')
    return name, '\n'.join(parts)


def java_stats(struct):
    name = pascal(struct.family) + pascal(struct.kind)
    members = members_of(struct)
    parts = [f'''// Generated by bindings/structs.py from the C headers.
package io.github.stavedb.stave;

{java_doc(figures(struct, JAVA), 0)}public final class {name} {{
  static final int COUNT = {len(members)};

  private final long[] members;

  {name}(long[] members) {{
    this.members = members;
  }}
''']
    for i, member in enumerate(members):
        flag = member.type == 'uint8_t'
        parts.append(java_doc(JAVA.documentation(member)) + f'''\
  public {"boolean" if flag else "long"} {JAVA.name(member.name)}() {{
    return members[{i}]{" != 0" if flag else ""};
  }}
''')
    return name, '\n'.join(parts) + '}\n'


def figures(struct, language):
    noun = FAMILIES[struct.family].noun
    if struct.kind == 'shard_stats':
        noun = 'one shard of ' + noun
    return f'Figures of {noun} at one moment.' + language.text(NOTES.get(struct.name, ''))


def java_native(structs):
    """structs.h: members from and to an array of longs."""
    parts = ['''// Generated by bindings/structs.py from the C headers: options and statistics as arrays of longs.
#pragma once

#include <jni.h>
#include <stave/stave.h>
''']
    for struct in structs:
        name, members = struct.name, members_of(struct)
        count = len(members)
        if struct.kind == 'options':
            sets = ''.join(f'\n  options->{member.name} = ({member.type})members[{i}];'
                           for i, member in enumerate(members))
            parts.append(f'''static inline void {name}_from_java(JNIEnv *jenv, jlongArray array, {name} *options) {{
  jlong members[{count}];
  (*jenv)->GetLongArrayRegion(jenv, array, 0, {count}, members);{sets}
}}
''')
        values = ', '.join(f'(jlong)filled->{member.name}' for member in members)
        parts.append(f'''static inline void {name}_to_java(JNIEnv *jenv, const {name} *filled, jlongArray array) {{
  const jlong members[{count}] = {{{values}}};
  if (!(*jenv)->ExceptionCheck(jenv)) (*jenv)->SetLongArrayRegion(jenv, array, 0, {count}, members);
}}
''')
    return '\n'.join(parts)


def write_java(structs, folder):
    structs = [struct for struct in structs if struct.kind != 'cursor_options']
    for struct in structs:
        name, text = (java_options if struct.kind == 'options' else java_stats)(struct)
        (folder / f'{name}.java').write_text(text, encoding='utf-8')
    (folder / 'structs.h').write_text(java_native(structs), encoding='utf-8')


# ---- C# ------------------------------------------------------------------------------------------

CSHARP = Language(pascal, {'keydir': 'KeyDirectory', 'io': 'IO'}, {'size': 'Count'})
CSHARP_TYPES = {'uint8_t': 'byte', 'uint32_t': 'uint', 'uint64_t': 'ulong', 'size_t': 'UIntPtr',
                'const void *': 'byte*'}


def csharp_name(struct):
    return ('HashIndex' if struct.family == 'index' else pascal(struct.family)) + pascal(struct.kind)


def csharp_doc(text, indent=8):
    lead = ' ' * indent
    return f'{lead}/// <summary>\n' + wrapped(text, indent, '/// ') + f'\n{lead}/// </summary>\n'


def csharp_data(struct):
    lines = []
    for member in struct.members:
        names = [pascal(member.name) + (str(i) if member.array else '')
                 for i in range(member.array or 1)]
        lines.append(f'        internal {CSHARP_TYPES[member.type]} {", ".join(names)};\n')
    return f'''
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct {csharp_name(struct)}Data
    {{
{"".join(lines)}    }}
'''


def csharp_type(struct, member):
    """The type of a member and how it is read."""
    own = f'data.{pascal(member.name)}'
    enum = ENUMS.get((struct.family, member.name)) if struct.kind == 'options' else None
    if enum:
        return enum[1], f'({enum[1]}){own}'
    if member.type == 'uint8_t':
        return 'bool', f'{own} != 0'
    if member.name in UNSIGNED:
        return 'ulong', own
    kind = 'int' if member.type == 'uint32_t' else 'long'
    return kind, f'({kind}){own}'


def csharp_options(struct):
    family, name = FAMILIES[struct.family], csharp_name(struct)
    parts = [f'''
    /// <summary>
    /// How {family.noun} is {family.done}. A new object has the defaults. The library checks the values when
    /// {family.noun} is {family.done}.
    /// </summary>
    /// <example>
    /// <code>
    /// new {name} {{ {family.csharp.replace("<", "&lt;")} }}
    /// {name}.Parse("{family.text}")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class {name}
    {{
        private {name}Data data;

        /// <summary>The defaults.</summary>
        public {name}()
        {{
            fixed ({name}Data* pointer = &data)
            {{
                Raw.{struct.name}_init(pointer);
            }}
        }}

        internal {name}({name}Data inForce)
        {{
            data = inForce;
        }}

        // A copy, so that nothing changes between the library's check and its use.
        internal {name}Data Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        /// <exception cref="InvalidArgumentException">See <see cref="Set"/>.</exception>
        public static {name} Parse(string text)
        {{
            var options = new {name}();
            options.Set(text);
            return options;
        }}

        /// <summary>
        /// Sets options from text such as <c>"{family.text}"</c>, separated by spaces
        /// or commas. <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {{
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed ({name}Data* pointer = &data)
            {{
                int status = Raw.{struct.name}_set(pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }}
        }}

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {{
            return Text.Described(Raw.{struct.name}_describe);
        }}
''']
    texts = []
    for member in members_of(struct):
        kind, back = csharp_type(struct, member)
        own = CSHARP.name(member.name)
        data = pascal(member.name)
        is_enum = (struct.family, member.name) in ENUMS
        if kind == 'bool':
            to = 'value ? (byte)1 : (byte)0'
        else:
            to = f'({CSHARP_TYPES[member.type]})value'
        texts.append(f'"{" " if texts else ""}{member.name}=" + '
                     + (f'Text.Name({own})' if is_enum else f'Text.Number(data.{data})'))
        parts.append('\n' + csharp_doc(CSHARP.documentation(member)) + f'''        public {kind} {own}
        {{
            get => {back};
            set => data.{data} = {to};
        }}
''')
    parts.append('''
        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return ''' + ' +\n                '.join(texts) + ''';
        }
    }
''')
    return ''.join(parts)


def csharp_stats(struct):
    name = csharp_name(struct)
    members = ''
    for member in members_of(struct):
        kind, back = csharp_type(struct, member)
        members += ('\n' + csharp_doc(CSHARP.documentation(member))
                    + f'        public {kind} {CSHARP.name(member.name)} => {back};\n')
    return f'''
{csharp_doc(figures(struct, CSHARP), 4)}    public sealed class {name}
    {{
        private readonly {name}Data data;

        internal {name}({name}Data data)
        {{
            this.data = data;
        }}
{members}    }}
'''


def write_csharp(structs, file):
    writers = {'options': csharp_options, 'stats': csharp_stats, 'shard_stats': csharp_stats}
    file.write_text('''// Generated by bindings/structs.py from the C headers.
using System;
using System.Runtime.InteropServices;

namespace Stave
{''' + ''.join(csharp_data(struct) for struct in structs)
        + ''.join(writers[struct.kind](struct) for struct in structs if struct.kind in writers)
        + '}\n', encoding='utf-8')


# ---- Go ------------------------------------------------------------------------------------------

GO = Language(pascal, {'keydir': 'KeyDirectory', 'io': 'IO', 'lsn': 'LSN'}, {'size': 'Len'},
              escaped=False)
GO_TYPES = {'uint8_t': 'bool', 'uint32_t': 'uint32', 'uint64_t': 'uint64'}
# What only Go has among the options.
GO_EXTRAS = {'index': '\t// Resolver knows the keys, if the index does not keep them.\n\tResolver *Resolver\n'}


def go_type(struct, member):
    enum = ENUMS.get((struct.family, member.name)) if struct.kind == 'options' else None
    return enum[2] if enum else GO_TYPES[member.type]


def go_members(struct, target):
    """The struct's members, and their assignments from the native ones."""
    fields, reads = '', ''
    for member in members_of(struct):
        own, kind = GO.name(member.name), go_type(struct, member)
        fields += wrapped(GO.documentation(member), 0, '\t// ') + f'\n\t{own} {kind}\n'
        read = f'native.Get{pascal(member.name)}()'
        reads += f'\t{target}.{own} = ' + (f'{kind}({read})' if member.type == 'uint32_t' else read) + '\n'
    return fields, reads


def go_options(struct):
    family, own = FAMILIES[struct.family], pascal(struct.family)
    capi = f'{own}Options'
    name = 'Options' if own == 'Store' else capi
    fields, reads = go_members(struct, 'o')
    writes = ''
    for member in members_of(struct):
        value = f'o.{GO.name(member.name)}'
        if member.type == 'uint32_t':
            value = f'uint({value})'
        writes += f'\tnative.Set{pascal(member.name)}({value})\n'
    return f'''
// {name} are how {family.noun} is {family.done}. Start from Default{name}: zeros are not the defaults.
type {name} struct {{
{fields}{GO_EXTRAS.get(struct.family, "")}}}

// Default{name} are the defaults of the library.
func Default{name}() *{name} {{
	options, _ := read{name}(func(capi.{capi}) capi.Outcome {{ return capi.OK }})
	return options
}}

// Describe{name} lists all options with type, default and meaning, one a line, for people.
func Describe{name}() (string, error) {{ return described(capi.{capi}Describe) }}

// Set sets members from text: "{family.text}", separated by spaces or commas.
// ErrInvalidArgument names the option that is unknown or out of range, and leaves all as it was.
func (o *{name}) Set(text string) error {{
	if err := checkOptions(o == nil, text); err != nil {{
		return err
	}}
	native := o.native()
	defer capi.Delete{capi}(native)
	err := errorOf(capi.{capi}Set(native, text))
	if err == nil {{
		o.read(native)
	}}
	return err
}}

// read{name} are the options that a call fills in, over the defaults.
func read{name}(call func(native capi.{capi}) capi.Outcome) (*{name}, error) {{
	options := (*{name})(nil)
	native := options.native()
	defer capi.Delete{capi}(native)
	if err := errorOf(call(native)); err != nil {{
		return nil, err
	}}
	options = new({name})
	options.read(native)
	return options, nil
}}

func (o *{name}) read(native capi.{capi}) {{
{reads}}}

// native is the options as C has them, or the defaults if they are nil. capi.Delete{capi} frees it.
func (o *{name}) native() capi.{capi} {{
	native := capi.New{capi}()
	capi.{capi}Init(native)
	if o == nil {{
		return native
	}}
{writes}	return native
}}
'''


def go_stats(struct):
    capi = pascal(struct.family) + pascal(struct.kind)
    name = 'Stats' if capi == 'StoreStats' else capi
    fields, reads = go_members(struct, 'stats')
    text = re.sub('^Figures', f'{name} are figures', figures(struct, GO))
    return f'''
{wrapped(text, 0, "// ")}
type {name} struct {{
{fields}}}

// read{name} are what a call fills in.
func read{name}(call func(native capi.{capi}) capi.Outcome) (stats {name}, err error) {{
	native := capi.New{capi}()
	defer capi.Delete{capi}(native)
	capi.{capi}Init(native)
	if err := errorOf(call(native)); err != nil {{
		return {name}{{}}, err
	}}
{reads}	return stats, nil
}}
'''


def write_go(structs, file):
    writers = {'options': go_options, 'stats': go_stats, 'shard_stats': go_stats}
    file.write_text('''// Code generated by bindings/structs.py from the C headers. DO NOT EDIT.

package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"
''' + ''.join(writers[struct.kind](struct) for struct in structs if struct.kind in writers), encoding='utf-8')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('language', choices=['java', 'csharp', 'go'])
    parser.add_argument('output', type=pathlib.Path)
    parser.add_argument('headers', type=pathlib.Path, nargs='+')
    arguments = parser.parse_args()
    write = {'java': write_java, 'csharp': write_csharp, 'go': write_go}[arguments.language]
    write(read(arguments.headers), arguments.output)


if __name__ == '__main__':
    main()
