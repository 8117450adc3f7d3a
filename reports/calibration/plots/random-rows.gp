# Draws random-rows.svg from random-rows.csv: run `gnuplot random-rows.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'random-rows.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured reads of whole rows at random, 1 thread" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Row"
set logscale x 2
set xrange [90.50966799187808:2896.309375740099]
set xtics ('128 B' 128, '256 B' 256, '512 B' 512, '1 KiB' 1024, '2 KiB' 2048)
set logscale y 10
set yrange [3.8885125991796956:234.1267993080909]
set ytics ('5' 5.0, '10' 10.0, '20' 20.0, '50' 50.0, '100' 100.0, '200' 200.0)
set ylabel "Bandwidth (GB/s)"
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 4 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'random-rows.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "L1 (24 KiB)", \
  'random-rows.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "L2 (384 KiB)", \
  'random-rows.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "L3 (4 MiB)", \
  'random-rows.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "memory (256 MiB)"
