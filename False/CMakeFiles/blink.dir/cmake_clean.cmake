file(REMOVE_RECURSE
  "CMakeFiles/blink.dir/blink/main.c.obj"
  "CMakeFiles/blink.dir/blink/main.c.obj.d"
  "CMakeFiles/blink.dir/support/sdk.c.obj"
  "CMakeFiles/blink.dir/support/sdk.c.obj.d"
  "CMakeFiles/blink.dir/support/start.S.obj"
  "blink.elf"
  "blink.pdb"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM C)
  include(CMakeFiles/blink.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
