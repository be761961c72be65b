*** Settings ***
Documentation       Cycles, memory, load and clocks: what the firmware costs, measured on the cycle-true engine.
