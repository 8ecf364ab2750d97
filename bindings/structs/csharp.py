"""Options and statistics in C#: the structs as C has them, and a class each."""

from headers import ENUMS, FAMILIES, UNSIGNED, Language, figures, members_of, pascal, wrapped

CSHARP = Language(pascal, {'keydir': 'KeyDirectory', 'io': 'IO'}, {'size': 'Count'})
CSHARP_TYPES = {'uint8_t': 'byte', 'uint32_t': 'uint', 'uint64_t': 'ulong', 'size_t': 'UIntPtr',
                'const void *': 'byte*'}


def csharp_name(struct):
    return ('HashIndex' if struct.family == 'index' else pascal(struct.family)) + pascal(struct.kind)


def csharp_doc(text, indent=8):
    lead = ' ' * indent
    if len(text) < 80:
        return f'{lead}/// <summary>{text}</summary>\n'
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


def csharp_options_head(struct, name):
    family = FAMILIES[struct.family]
    return f'''
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
'''


def csharp_options(struct):
    name = csharp_name(struct)
    parts = [csharp_options_head(struct, name)]
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


def write(structs, file):
    writers = {'options': csharp_options, 'stats': csharp_stats, 'shard_stats': csharp_stats}
    file.write_text('''// Generated by bindings/structs from the C headers.
using System;
using System.Runtime.InteropServices;

namespace Stave
{''' + ''.join(csharp_data(struct) for struct in structs)
        + ''.join(writers[struct.kind](struct) for struct in structs if struct.kind in writers)
        + '}\n', encoding='utf-8')
