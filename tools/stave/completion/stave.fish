# Completion of stave for fish.

function __stave_command --argument-names name description
    complete -c stave -n __fish_use_subcommand -a $name -d $description
end

# __stave_option 'COMMANDS' OPTION DESCRIPTION [more arguments of complete]
function __stave_option --argument-names commands option description
    complete -c stave -n "__fish_seen_subcommand_from $commands" -l $option -d $description $argv[4..]
end

complete -c stave -f
complete -c stave -s h -l help -d 'Show the help'
complete -c stave -n __fish_use_subcommand -l version -d 'Show the version'
complete -c stave -n __fish_use_subcommand -l list-options -d 'List what --options takes'

__stave_command put 'Store a value under a key'
__stave_command get 'Write the value of a key'
__stave_command del 'Remove a key'
__stave_command cas 'Replace a value if it is the expected one'
__stave_command update 'Add or append to a value'
__stave_command expire 'Say when a key expires'
__stave_command scan 'Print the keys'
__stave_command import 'Store the files of a directory tree'
__stave_command export 'Write the records as files of a tree'
__stave_command dump 'Write all records as JSON Lines or binary'
__stave_command load 'Store the records of a dump'
__stave_command stat 'Tell what the store holds'
__stave_command verify 'Check every byte, and the index against the log'
__stave_command bench 'Measure how fast a store is on this machine'

set -l all put get del cas update expire scan import export dump load stat verify bench
complete -c stave -n "__fish_seen_subcommand_from $all" -a '(__fish_complete_directories)'
__stave_option "$all" options 'How the store is opened' -x
__stave_option 'put del cas update expire import load bench' durability 'What a write has survived' -x -a 'memory os device'
__stave_option 'get scan import export load stat verify bench' json 'JSON instead of text'
__stave_option 'put get del cas update expire' escaped 'KEY and VALUE are escaped'
__stave_option 'put get del cas update expire' hex 'KEY and VALUE are hexadecimal'
__stave_option 'put get del cas update expire' base64 'KEY and VALUE are Base64'
__stave_option 'scan import export dump' prefix 'The beginning of keys, escaped' -x
__stave_option 'put load' file 'Read this file' -r -F
__stave_option 'get dump' output 'Write to this file' -r -F
__stave_option 'dump load' format 'Form of the dump' -x -a 'json binary'
__stave_option 'export load' overwrite 'Replace what exists'
__stave_option 'import load' batch-size 'Size up to which records share a write' -x
__stave_option put insert 'Only if there is no such key'
__stave_option put replace 'Only if there is such a key'
__stave_option 'put cas update' expires 'When the key expires' -x -a never
__stave_option update add 'Add this number' -x
__stave_option update append 'Append this' -x
__stave_option scan limit 'At most this many' -x
__stave_option scan values 'The values too'
__stave_option import jobs 'Threads that read and write' -x
__stave_option import acknowledge 'Append the key of each durable file' -r -F
__stave_option bench count Records -x
__stave_option bench operations 'Operations of a workload' -x
__stave_option bench key-size 'Bytes of a key' -x
__stave_option bench value-size 'Bytes of a value' -x
__stave_option bench threads Threads -x
__stave_option bench seed 'Make other keys and sequences' -x
__stave_option bench workloads 'Only these' -x -a '(__fish_append , load get miss A B C F delete)'
__stave_option bench keep 'Leave the store there'

functions -e __stave_command __stave_option
