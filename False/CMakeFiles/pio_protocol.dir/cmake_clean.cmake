file(REMOVE_RECURSE
  "CMakeFiles/pio_protocol.dir/pio_protocol/main.c.obj"
  "CMakeFiles/pio_protocol.dir/pio_protocol/main.c.obj.d"
  "CMakeFiles/pio_protocol.dir/support/sdk.c.obj"
  "CMakeFiles/pio_protocol.dir/support/sdk.c.obj.d"
  "CMakeFiles/pio_protocol.dir/support/start.S.obj"
  "pio_protocol.elf"
  "pio_protocol.pdb"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM C)
  include(CMakeFiles/pio_protocol.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
