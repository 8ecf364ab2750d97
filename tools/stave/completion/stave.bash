# Completion of stave for bash. It needs no helpers of the package bash-completion, which finds it by
# its name when it is there.

# The options of a command; without one those of the program itself.
_stave_options() {
  case $1 in
    '') echo --help --version --list-options ;;
    put) echo --help --options --durability --file --insert --replace --expires --escaped --hex --base64 ;;
    get) echo --help --options --output --json --escaped --hex --base64 ;;
    del) echo --help --options --durability --escaped --hex --base64 ;;
    cas) echo --help --options --durability --expires --escaped --hex --base64 ;;
    update) echo --help --options --durability --add --append --expires --escaped --hex --base64 ;;
    expire) echo --help --options --durability --escaped --hex --base64 ;;
    scan) echo --help --options --prefix --limit --values --json ;;
    import) echo --help --options --durability --prefix --jobs --batch-size --acknowledge --json ;;
    export) echo --help --options --prefix --overwrite --json ;;
    dump) echo --help --options --format --prefix --output ;;
    load) echo --help --options --durability --format --file --batch-size --overwrite --json ;;
    stat | verify) echo --help --options --json ;;
    bench) echo --help --options --durability --count --operations --key-size --value-size --threads \
      --seed --workloads --keep --json ;;
  esac
}

_stave() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command= index positionals=0 choices=
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index - 1]} in
      --options | --durability | --file | --output | --prefix | --limit | --jobs | --batch-size | \
        --acknowledge | --format | --count | --operations | --key-size | --value-size | --threads | \
        --seed | --workloads | --expires | --add | --append) continue ;;
    esac
    case ${COMP_WORDS[index]} in
      -*) ;;
      *) if [[ -z $command ]]; then command=${COMP_WORDS[index]}; else ((positionals++)); fi ;;
    esac
  done
  COMPREPLY=()
  case $before in
    --format) choices='json binary' ;;
    --durability) choices='memory os device' ;;
    --workloads) choices='load get miss A B C F delete' ;;
    --file | --output | --acknowledge) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --options | --prefix | --limit | --jobs | --batch-size | --count | --operations | --key-size | \
      --value-size | --threads | --seed | --expires | --add | --append) return ;;
    *)
      if [[ $word == -* ]]; then
        choices=$(_stave_options "$command")
      elif [[ -z $command ]]; then
        choices='put get del cas update expire scan import export dump load stat verify bench'
      elif ((positionals == 0)) || [[ $command == import || $command == export ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}

complete -o filenames -F _stave stave
