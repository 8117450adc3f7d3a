# Draws random-row-pieces.svg from random-row-pieces.csv: run `gnuplot random-row-pieces.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'random-row-pieces.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured reads of rows at random, in eight pieces of 128 rows side by side, 1 thread" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Piece of a row"
set logscale x 2
set xrange [45.25483399593904:724.0773439350247]
set xtics ('64 B' 64, '128 B' 128, '256 B' 256, '512 B' 512)
set logscale y 10
set yrange [2.9532461977149893:107.8713345804949]
set ytics ('5' 5.0, '10' 10.0, '20' 20.0, '50' 50.0, '100' 100.0)
set ylabel "Bandwidth (GB/s)"
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 4 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'random-row-pieces.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "L1 (24 KiB)", \
  'random-row-pieces.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "L2 (384 KiB)", \
  'random-row-pieces.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "L3 (4 MiB)", \
  'random-row-pieces.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "memory (256 MiB)"
