#compdef stave
# Completion of stave for zsh.

_stave_command() {
  local -a options
  options=('(- *)'{-h,--help}'[show the help of the command]' '--options[how the store is opened]:options:')
  local store=':store:_directories' key=':key:' directory=':directory:_directories'
  local durability='--durability[what a write has survived]:level:(memory os device)'
  local json='--json[JSON instead of text]' format='--format[form of the dump]:format:(json binary)'
  local prefix='--prefix[the beginning of keys, escaped]:text:'
  local batch='--batch-size[size up to which records share a write]:size:'
  local expires='--expires[when the key expires]:time:(never)'
  local -a notation
  notation=(
    '(--hex --base64)--escaped[KEY and VALUE are escaped]'
    '(--escaped --base64)--hex[KEY and VALUE are hexadecimal]'
    '(--escaped --hex)--base64[KEY and VALUE are Base64]'
  )
  case $1 in
    put)
      _arguments -s $options $notation $durability $expires $store $key '::value:' \
        '--file[take the value from a file]:file:_files' \
        '(--replace)--insert[only if there is no such key]' \
        '(--insert)--replace[only if there is such a key]'
      ;;
    get)
      _arguments -s $options $notation $json $store $key '--output[write to a file]:file:_files'
      ;;
    del) _arguments -s $options $notation $durability $store $key ;;
    cas)
      _arguments -s $options $notation $durability $expires $store $key ':expected:' ':value:'
      ;;
    update)
      _arguments -s $options $notation $durability $expires $store $key \
        '(--append)--add[add this number]:number:' '(--add)--append[append this]:text:'
      ;;
    expire) _arguments -s $options $notation $durability $store $key ':time:(never)' ;;
    scan)
      _arguments -s $options $prefix $json $store '--limit[at most this many]:count:' \
        '--values[the values too]'
      ;;
    import)
      _arguments -s $options $durability $prefix $batch $json $store $directory \
        '--jobs[threads that read and write]:count:' \
        '--acknowledge[append the key of each durable file]:file:_files'
      ;;
    export)
      _arguments -s $options $prefix $json $store $directory '--overwrite[replace files that exist]'
      ;;
    dump) _arguments -s $options $format $prefix $store '--output[write to a file]:file:_files' ;;
    load)
      _arguments -s $options $durability $format $batch $json $store \
        '--file[read a file]:file:_files' '--overwrite[replace values of keys that exist]'
      ;;
    stat | verify) _arguments -s $options $json $store ;;
    bench)
      _arguments -s $options $durability $json $store '--count[records]:number:' \
        '--operations[operations of a workload]:number:' '--key-size[bytes of a key]:number:' \
        '--value-size[bytes of a value]:number:' '--threads[threads]:number:' \
        '--seed[makes other keys and sequences]:number:' \
        '--workloads[only these]:list:_sequence compadd - load get miss A B C F delete' \
        '--keep[leave the store there]'
      ;;
  esac
}

_stave() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
    'put:store a value under a key'
    'get:write the value of a key'
    'del:remove a key'
    'cas:replace a value if it is the expected one'
    'update:add or append to a value'
    'expire:say when a key expires'
    'scan:print the keys'
    'import:store the files of a directory tree'
    'export:write the records as files of a tree'
    'dump:write all records as JSON Lines or binary'
    'load:store the records of a dump'
    'stat:tell what the store holds'
    'verify:check every byte, and the index against the log'
    'bench:measure how fast a store is on this machine'
  )
  _arguments -C '(- *)'{-h,--help}'[show the help]' '(- *)--version[show the version]' \
    '(- *)--list-options[list what --options takes]' ':command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument) _stave_command $words[1] ;;
  esac
}

_stave "$@"
