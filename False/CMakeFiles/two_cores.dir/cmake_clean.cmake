file(REMOVE_RECURSE
  "CMakeFiles/two_cores.dir/support/sdk.c.obj"
  "CMakeFiles/two_cores.dir/support/sdk.c.obj.d"
  "CMakeFiles/two_cores.dir/support/start.S.obj"
  "CMakeFiles/two_cores.dir/two_cores/main.c.obj"
  "CMakeFiles/two_cores.dir/two_cores/main.c.obj.d"
  "two_cores.elf"
  "two_cores.pdb"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM C)
  include(CMakeFiles/two_cores.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
